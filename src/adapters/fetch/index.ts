/** `mesh.fetch`: the fetch API over the mesh. */
import { copyFields, headerValue } from '../../base/headers.js';
import type { CallRequest } from '../../model/call.js';
import { isReplayable } from '../../model/request-body.js';
import { type Outbound, runCall } from '../../outbound/call.js';
import { responseOf } from '../../outbound/surface.js';
import { addDefaults, type FetchInit, type FetchRequest, toFields, toRequest } from './request.js';
import { MeshResponse } from './response.js';

export type { FetchInit } from './request.js';

/** The fetch API's own limit. */
const MAX_REDIRECTS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The fetch API over the mesh. A response that has arrived holds nothing, read or not; one of more than 64 KiB that nobody reads keeps
 * its connection, and counts as in flight, until the call's deadline: read it, or `await response.body?.cancel()`.
 */
export type MeshFetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>;

export function fetchOver(outbound: Outbound): MeshFetch {
  return async (input, init) => {
    let request = toRequest(input, init);
    for (let redirects = 0; ; redirects += 1) {
      const call = outbound.begin(request.call);
      const responded = responseOf(call, await runCall(outbound, call));
      const location = REDIRECTS.has(responded.status)
        ? headerValue(responded.headers, 'location')
        : undefined;
      if (location === undefined || request.redirect === 'manual') {
        return new MeshResponse(call, responded, request.url.href, redirects > 0) as unknown as Response;
      }
      responded.body.drop(new Error('redirected'));
      if (request.redirect === 'error') throw new TypeError('fetch failed: unexpected redirect');
      if (redirects === MAX_REDIRECTS) throw new TypeError('fetch failed: redirect count exceeded');
      request = redirected(request, responded.status, new URL(location, request.url));
      if (request.call.timeoutMs !== undefined) {
        const spentMs = outbound.clock.now() - call.startedAt;
        const timeoutMs = Math.max(0, request.call.timeoutMs - spentMs);
        request = { ...request, call: { ...request.call, timeoutMs } };
      }
    }
  };
}

/**
 * What a redirect asks for next: 303 always, 301 and 302 after POST, become GET without a body; credentials do not follow to
 * another origin. The fields are those that the caller gave: what the mesh and its policy added was for the first destination.
 * @source Fetch standard §4.4 HTTP-redirect fetch
 */
function redirected(request: FetchRequest, status: number, url: URL): FetchRequest {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`fetch failed: a redirect to ${url.protocol}, which is not a scheme of HTTP`);
  }
  url.hash = '';
  const { call } = request;
  const toGet =
    (status === 303 && call.method !== 'GET' && call.method !== 'HEAD') ||
    ((status === 301 || status === 302) && call.method === 'POST');
  if (!toGet && !isReplayable(call.body)) {
    throw new TypeError('fetch failed: a redirected request whose body cannot be sent again');
  }
  const headers = toFields(request.fields);
  delete headers.host;
  if (toGet) for (const name of Object.keys(headers)) if (name.startsWith('content-')) delete headers[name];
  if (url.origin !== request.url.origin) {
    for (const name of ['authorization', 'cookie', 'proxy-authorization']) delete headers[name];
  }
  const fields = copyFields(headers);
  const type = call.headers['content-type'];
  if (!toGet && type !== undefined) headers['content-type'] ??= type;
  addDefaults(headers);
  const next: CallRequest = {
    ...call,
    method: toGet ? 'GET' : call.method,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    authority: url.host,
    path: `${url.pathname}${url.search}`,
    headers,
    body: toGet ? null : call.body,
  };
  return { ...request, url, fields, call: next };
}
