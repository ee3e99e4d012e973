/** Routes: which path is whose, and who may ask for it. Closed by default: a route without a word on access does not exist. */
import { type Clock, isMeshError } from 'heddle/ports';
import type { Attempts } from '../issuer/proofs/index.js';
import { because, type Log } from '../log.js';
import { isLoopback } from '../settings.js';
import { type AuthenticateOptions, authenticate, nameOf, type Principal } from './authenticate.js';
import { ApiError, toApiError } from './errors.js';
import { type ApiRequest, type RawRequest, type RawResponse, sendJson } from './request.js';

/** `open`: all · `operator` · `svid`: whoever may have an SVID · `stream`: a workload with one */
export type Access = 'open' | 'operator' | 'svid' | 'stream';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/v1/tokens/:id` */
  readonly path: string;
  readonly access: Access;
  /** Bounds how often somebody may try to prove itself here. @default no bound */
  readonly attempts?: Attempts;
  handle(request: ApiRequest): Promise<void> | void;
}

/** For a refused peer to read why. */
const LINGER_MS = 5_000;

const KINDS: Readonly<Record<Access, readonly Principal['kind'][]>> = {
  open: ['operator', 'workload', 'joining', 'anybody', 'anonymous'],
  operator: ['operator', 'anybody'],
  svid: ['joining', 'workload'],
  stream: ['workload', 'anybody'],
};

export interface RouterOptions extends AuthenticateOptions {
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Never rejects: every request is answered. */
export function makeRouter(
  options: RouterOptions,
): (raw: RawRequest, response: RawResponse) => Promise<void> {
  return async (raw, response) => {
    // A peer that goes away in the middle is no news.
    raw.on('error', () => {});
    response.on('error', () => {});
    try {
      await route(options, raw, response);
    } catch (error) {
      refuse(options, raw, response, error);
    }
  };
}

async function route(options: RouterOptions, raw: RawRequest, response: RawResponse): Promise<void> {
  const target = raw.url ?? '/';
  const url = target.startsWith('/') ? pathUrl(target) : null;
  if (url === null) throw new ApiError(400, 'invalid', 'the request target is not a path');
  if (options.dev) requireLocal(raw);
  const found = find(options.routes, raw.method ?? 'GET', url.pathname);
  // Open routes do not even look at credentials: a wrong one must not keep a workload from reading the roots.
  const principal: Principal =
    found.route.access === 'open' ? { kind: 'anonymous' } : await identify(found.route, raw, options);
  if (!KINDS[found.route.access].includes(principal.kind)) throw refusal(principal);
  await found.route.handle({ raw, response, url, params: found.params, principal, clock: options.clock });
  if (found.route.access === 'open') dismiss(raw, options.clock);
}

async function identify(
  { attempts }: Route,
  raw: RawRequest,
  options: AuthenticateOptions,
): Promise<Principal> {
  if (attempts === undefined) return authenticate(raw, options);
  const address = raw.socket?.remoteAddress ?? '';
  const kind = raw.headers.authorization === undefined ? 'certificate' : 'token';
  const retryAfterMs = attempts.take(address, kind);
  if (retryAfterMs > 0) {
    const message = 'too many attempts from this address; try again later';
    throw new ApiError(429, 'rate_limited', message, undefined, retryAfterMs);
  }
  try {
    return await authenticate(raw, options);
  } catch (error) {
    attempts.failed(address, kind);
    throw error;
  }
}

/**
 * Without credentials a web page could make its reader's browser speak to us: such a request has an origin, or, where a name was bound
 * to this address, a host that is not this machine's.
 */
function requireLocal({ headers }: RawRequest): void {
  const host = String(headers[':authority'] ?? headers.host ?? '').replace(/:\d+$/, '');
  if (headers.origin !== undefined || !isLoopback(host.replace(/^\[(.*)\]$/, '$1'))) {
    throw new ApiError(403, 'forbidden', 'dev mode serves programs on this machine only');
  }
}

function refusal(principal: Principal): ApiError {
  if (principal.kind === 'anonymous' || principal.kind === 'anybody') {
    return new ApiError(
      401,
      'unauthenticated',
      'this needs a token (authorization: Bearer …) or a certificate',
    );
  }
  return new ApiError(403, 'forbidden', `${nameOf(principal)} may not do this`);
}

function find(routes: readonly Route[], method: string, path: string) {
  let allowed = false;
  for (const candidate of routes) {
    const params = match(candidate.path, path);
    if (params === undefined) continue;
    if (candidate.method === method) return { route: candidate, params };
    allowed = true;
  }
  if (allowed) throw new ApiError(405, 'method_not_allowed', `${method} is not possible here`);
  throw new ApiError(404, 'not_found', `there is nothing at ${path}`);
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const [expected, given] = [pattern.split('/'), path.split('/')];
  if (expected.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of expected.entries()) {
    const value = given[index]!;
    if (!part.startsWith(':')) {
      if (part !== value) return undefined;
    } else if (/^[A-Za-z0-9._-]{1,253}$/.test(value)) params[part.slice(1)] = value;
    else return undefined;
  }
  return params;
}

function refuse(options: RouterOptions, raw: RawRequest, response: RawResponse, error: unknown): void {
  const { status, code, message, messages, retryAfterMs } = toApiError(error);
  if (status >= 500) {
    const fields = { method: raw.method ?? '', path: raw.url ?? '', error: because(error) };
    options.log({ level: isMeshError(error) ? 'warn' : 'error', event: 'request.failed', fields });
  } else if (status === 401 || status === 403 || status === 429) {
    const peer = raw.socket?.remoteAddress ?? '';
    const fields = { method: raw.method ?? '', path: raw.url ?? '', peer, because: message };
    options.log({ level: 'warn', event: 'request.refused', fields });
  }
  const headers: Record<string, string> = status === 401 ? { 'www-authenticate': 'Bearer' } : {};
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMs / 1_000));
  sendJson(response, { code, message, ...(messages === undefined ? {} : { messages }) }, { status, headers });
  dismiss(raw, options.clock);
}

/** Neither the rest of a body that nobody wants nor an answer that nobody reads may keep the connection, or its stream, for long. */
function dismiss(raw: RawRequest, clock: Clock): void {
  raw.resume();
  clock.after(LINGER_MS, () => {
    // To destroy a request of HTTP/2 leaves its stream open; to destroy a stream that is over does nothing.
    if ('stream' in raw) raw.stream.destroy();
    else if (!raw.readableEnded) raw.destroy();
  });
}

/** Not by `URL.canParse`: those of Node 20 and 22 answer wrongly once they are optimized. */
function pathUrl(target: string): URL | null {
  try {
    return new URL(target, 'http://localhost');
  } catch {
    return null;
  }
}
