/** `mesh.fetch`: the fetch API over the mesh. */
import { MeshError } from '../../base/errors.js';
import { headerValue } from '../../base/headers.js';
import type { Responded } from '../../model/outcome.js';
import { type Outbound, runCall } from '../../outbound/call.js';
import type { OutboundCall } from '../../outbound/outbound-call.js';
import { tooMany } from './coding.js';
import { networkError, rejectionOf, typeErrorOf } from './errors.js';
import { hasIntegrity } from './integrity.js';
import { platformRequest, readPlatformRequest } from './platform-request.js';
import { MAX_REDIRECTS, REDIRECTS, redirected } from './redirect.js';
import { callOf, type FetchInit, type FetchRequest, plainRequest } from './request.js';
import { Made, MeshResponse } from './response.js';
import { Targets } from './target.js';

export type { FetchInit } from './request.js';

/**
 * The fetch API over the mesh. A response that has arrived holds nothing, read or not; one of more than 64 KiB that nobody reads keeps
 * its connection, and counts as in flight, until the call's deadline or until it is garbage: read it, or `await response.body?.cancel()`.
 */
export type MeshFetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>;

/** The platform's own, for what has no network in it; whatever takes its place later is not it. */
const builtin = globalThis.fetch;
const BUILTIN_SCHEMES = new Set(['about:', 'blob:', 'data:']);

export function fetchOver(outbound: Outbound): MeshFetch {
  const targets = new Targets();
  // Not async: a promise around the one that `follow` makes would cost three turns of the microtask queue.
  return function fetch(input, init = undefined) {
    try {
      const plain = plainRequest(targets, input, init);
      return plain === null ? fetchByPlatform(outbound, input, init) : follow(outbound, plain);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

async function fetchByPlatform(
  outbound: Outbound,
  input: string | URL | Request,
  init: FetchInit | undefined,
): Promise<Response> {
  const given = platformRequest(input, init);
  const { request, signal } = given;
  if (signal?.aborted) {
    request.body?.cancel(signal.reason).catch(() => {});
    throw signal.reason;
  }
  const read = await readPlatformRequest(given);
  if (read !== null) return follow(outbound, read);
  const { protocol } = new URL(request.url);
  if (BUILTIN_SCHEMES.has(protocol)) return builtin(request, { signal });
  throw typeErrorOf(
    'fetch failed',
    new MeshError(`${protocol} is not a scheme that the mesh carries: use http: or https:`, {
      code: 'HEDDLE_INVALID_ARGUMENT',
    }),
  );
}

async function follow(outbound: Outbound, first: FetchRequest): Promise<Response> {
  let request = first;
  let type: 'basic' | 'cors' = 'basic';
  for (let followed = 0; ; followed += 1) {
    if (request.signal?.aborted) throw request.signal.reason;
    const call = outbound.begin(callOf(request));
    const outcome = await runCall(outbound, call);
    if (outcome.kind !== 'response') throw rejectionOf(call, outcome);
    const redirects = REDIRECTS.has(outcome.status);
    if (redirects && request.redirect === 'error') throw refused(outcome, 'unexpected redirect');
    const location = redirects ? headerValue(outcome.headers, 'location') : undefined;
    if (location === undefined || request.redirect === 'manual') {
      if (outcome.status === 407) throw refused(outcome, 'a proxy asks for credentials');
      const coding = outcome.headers['content-encoding'];
      if (coding !== undefined && tooMany(coding))
        throw refused(outcome, 'too many content-encodings in response');
      const response = new MeshResponse(new Made(call, outcome, request, followed, type)).settle();
      if (request.integrity !== '') return verified(response, request.integrity);
      return response as unknown as Response;
    }
    if (followed === MAX_REDIRECTS) throw refused(outcome, 'redirect count exceeded');
    outcome.body.drop(new Error('redirected'));
    const next = redirected(request, outcome, location);
    if (next.target.origin !== request.target.origin) type = 'cors';
    request = spent(outbound, call, next);
  }
}

function refused({ body }: Responded, because: string): TypeError {
  body.drop(new Error(because));
  return networkError(because);
}

/** The caller's timeout is one for all redirects together. */
function spent(outbound: Outbound, call: OutboundCall, request: FetchRequest): FetchRequest {
  if (request.timeoutMs === undefined) return request;
  const spentMs = outbound.clock.now() - call.startedAt;
  return { ...request, timeoutMs: Math.max(0, request.timeoutMs - spentMs) };
}

/** A body whose digest is asked for is read before anyone sees it. */
async function verified(response: MeshResponse, integrity: string): Promise<Response> {
  const bytes = await response.bytes();
  if (!hasIntegrity(bytes, integrity)) throw networkError('integrity mismatch');
  return response.withBody(new Blob([bytes]).stream()) as unknown as Response;
}
