/** Requests that are not plain, read by the platform's own `Request`: what it refuses is refused in its words. */
import type { HeaderFields } from '../../base/headers.js';
import type { RequestBody } from '../../model/request-body.js';
import { fieldsOf } from './fields.js';
import { isForm, multipart } from './multipart.js';
import { refererFor } from './referrer.js';
import type { FetchInit, FetchRequest } from './request.js';
import { BlobBody, bytesOf, streamBodyOf } from './request-body.js';
import { targetOf } from './target.js';

/** A `Request` that the platform holds for good. */
export interface PlatformRequest {
  readonly request: Request;
  readonly body: unknown;
  readonly signal: AbortSignal | null;
  readonly timeoutMs: number | undefined;
}

/** @throws TypeError as `fetch` does, for a bad URL, method, header field, body or option */
export function platformRequest(input: unknown, init: FetchInit = {}): PlatformRequest {
  const from = isForeign(input) ? optionsOf(input) : {};
  // Members that are inherited count.
  const options: Record<string, unknown> = { ...from };
  if (typeof init === 'object' && init !== null)
    for (const name in init) options[name] = Reflect.get(init, name);
  else if (init !== null) new Request('http://localhost', init);
  // Options, and the signal below is one, make a Request forget its referrer; the caller gave none.
  if (input instanceof Request && Object.keys(options).length === 0) {
    options.referrer = input.referrer;
    options.referrerPolicy = input.referrerPolicy;
  }
  const ofInput = input instanceof Request || isForeign(input) ? input.signal : null;
  const signal = options.signal === undefined ? ofInput : options.signal;
  // Listened to by the call, not by the Request: one listener is enough. What is no signal, the Request refuses.
  if (signal === null || signal instanceof AbortSignal) options.signal = null;
  const body = isForm(options.body) ? multipart(options.body) : options.body;
  if (body === undefined) delete options.body;
  else options.body = body;
  const request = new Request(
    isForeign(input) ? input.url : (input as string | URL | Request),
    options as RequestInit,
  );
  return { request, body, signal: signal as AbortSignal | null, timeoutMs: init?.timeoutMs };
}

/** null: it is not HTTP. */
export async function readPlatformRequest(given: PlatformRequest): Promise<FetchRequest | null> {
  const { request, signal, timeoutMs } = given;
  const target = targetOf(new URL(request.url));
  if (target === null) return null;
  const fields = fieldsOf(request.headers);
  addCacheFields(request, fields);
  const isOwn = fields.referer !== undefined;
  const referrer = isOwn ? null : { url: request.referrer, policy: request.referrerPolicy };
  const referer = referrer === null ? null : refererFor(referrer, target);
  if (referer !== null) fields.referer = referer;
  return {
    target,
    method: request.method,
    fields,
    body: await bodyOf(given, fields),
    signal,
    timeoutMs,
    redirect: request.redirect,
    mode: request.mode === 'same-origin' || request.mode === 'no-cors' ? request.mode : 'cors',
    referrer,
    integrity: request.integrity,
  };
}

async function bodyOf({ request, body }: PlatformRequest, fields: HeaderFields): Promise<RequestBody> {
  if (request.body === null) return null;
  if (body instanceof Blob) {
    fields['content-length'] = String(body.size);
    return new BlobBody(body);
  }
  return bytesOf(body) ?? (await streamBodyOf(request.body));
}

/** @source Fetch standard §4.6, HTTP-network-or-cache fetch, for a client without a cache */
function addCacheFields({ cache }: Request, fields: HeaderFields): void {
  if (cache === 'no-cache') fields['cache-control'] ??= 'max-age=0';
  if (cache === 'no-store' || cache === 'reload') {
    fields.pragma ??= 'no-cache';
    fields['cache-control'] ??= 'no-cache';
  }
}

/** A `Request` of another copy of the fetch API, such as undici's from npm. */
function isForeign(input: unknown): input is Request {
  return (
    typeof input === 'object' &&
    input !== null &&
    !(input instanceof Request) &&
    Reflect.get(input, Symbol.toStringTag) === 'Request' &&
    typeof Reflect.get(input, 'url') === 'string'
  );
}

function optionsOf(request: Request): RequestInit {
  if (request.bodyUsed)
    throw new TypeError('Cannot construct a Request with a Request object that has already been used.');
  const { method, redirect, integrity, mode, credentials, cache, keepalive, referrerPolicy, referrer, body } =
    request;
  return {
    method,
    headers: [...(request.headers as unknown as Iterable<[string, string]>)],
    redirect,
    integrity,
    mode,
    credentials,
    cache,
    keepalive,
    referrerPolicy,
    referrer,
    ...(body === null ? {} : { body, duplex: 'half' }),
  } as RequestInit;
}
