/** From what `fetch` takes to what a call needs. */
import { MeshError } from '../../base/errors.js';
import { appendField, copyFields, emptyFields, type HeaderFields } from '../../base/headers.js';
import type { CallRequest } from '../../model/call.js';
import { type RequestBody, StreamBody } from '../../model/request-body.js';

/** `fetch`'s options, and the mesh's one: a limit for the whole call. */
export interface FetchInit extends Omit<RequestInit, 'body' | 'dispatcher'> {
  readonly body?: RequestInit['body'] | AsyncIterable<Uint8Array | string> | null;
  /** Milliseconds for the whole call, retries and body included; the smaller of this and the route's timeout holds. */
  readonly timeoutMs?: number;
}

export interface FetchRequest {
  /** Without its fragment. */
  readonly url: URL;
  /** Header fields as the caller gave them; those of `call` are changed on the way. */
  readonly fields: unknown;
  readonly call: CallRequest;
  readonly redirect: 'follow' | 'manual' | 'error';
}

/** Fields that belong to the connection, which is the transport's business. @source Fetch standard, forbidden names */
const CONNECTION_FIELDS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** @throws TypeError as `fetch` does, for a bad URL, method or body */
export function toRequest(input: string | URL | Request, init: FetchInit = {}): FetchRequest {
  if (typeof input === 'object' && 'method' in input) {
    const { body: _body, ...rest } = init;
    const request = new Request(input, rest as RequestInit);
    const body = init.body ?? request.body;
    return build(new URL(request.url), {
      ...init,
      method: request.method,
      headers: request.headers,
      signal: request.signal,
      redirect: request.redirect,
      body,
    });
  }
  return build(input instanceof URL ? input : new URL(input), init);
}

function build(url: URL, init: FetchInit): FetchRequest {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new MeshError(`${url.protocol} is not a scheme that the mesh carries: use http: or https:`, {
      code: 'HEDDLE_INVALID_ARGUMENT',
    });
  }
  const method = normalizeMethod(init.method ?? 'GET');
  const headers = toFields(init.headers);
  const body = toBody(init.body ?? null, headers);
  if (body !== null && (method === 'GET' || method === 'HEAD')) {
    throw new TypeError('Request with GET/HEAD method cannot have body.');
  }
  addDefaults(headers);
  let fields: unknown = init.headers;
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.authorization ??= `Basic ${Buffer.from(credentials).toString('base64')}`;
    fields = copyFields(headers);
  }
  return {
    url: url.hash === '' ? url : withoutFragment(url),
    fields,
    redirect: init.redirect ?? 'follow',
    call: {
      method,
      scheme: url.protocol === 'https:' ? 'https' : 'http',
      authority: url.host,
      path: `${url.pathname}${url.search}`,
      headers,
      body,
      signal: init.signal,
      timeoutMs: init.timeoutMs,
    },
  };
}

/** What `fetch` sends where the caller says nothing. */
export function addDefaults(headers: HeaderFields): void {
  headers.accept ??= '*/*';
  headers['accept-encoding'] ??= 'gzip, deflate, br';
  headers['user-agent'] ??= 'node';
}

function withoutFragment(url: URL): URL {
  const copy = new URL(url);
  copy.hash = '';
  return copy;
}

const NORMALIZED = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']);

function normalizeMethod(method: string): string {
  const upper = method.toUpperCase();
  if (upper === 'CONNECT' || upper === 'TRACE' || upper === 'TRACK') {
    throw new TypeError(`'${method}' HTTP method is unsupported.`);
  }
  return NORMALIZED.has(upper) ? upper : method;
}

/** Any of the forms in which clients give header fields. */
export function toFields(init: unknown): HeaderFields {
  const fields = emptyFields();
  const add = (name: unknown, value: unknown) => {
    const field = String(name).toLowerCase();
    if (value !== undefined && value !== null && !CONNECTION_FIELDS.has(field)) {
      appendField(fields, field, String(value));
    }
  };
  if (init === undefined || init === null) return fields;
  if (Array.isArray(init) && typeof init[0] === 'string') {
    for (let i = 0; i + 1 < init.length; i += 2) add(init[i], init[i + 1]);
  } else if (typeof (init as Iterable<unknown>)[Symbol.iterator] === 'function') {
    for (const [name, value] of init as Iterable<[unknown, unknown]>) add(name, value);
  } else {
    const record = init as Record<string, unknown>;
    for (const name of Object.keys(record)) {
      const value = record[name];
      if (Array.isArray(value)) for (const one of value) add(name, one);
      else add(name, value);
    }
  }
  return fields;
}

/** Bytes where they are at hand; a stream where they are not. Sets the content type where the body's kind says it. */
export function toBody(body: unknown, headers: HeaderFields): RequestBody {
  if (body === null || body === undefined) return null;
  if (typeof body === 'string') {
    headers['content-type'] ??= 'text/plain;charset=UTF-8';
    return body;
  }
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof URLSearchParams) {
    headers['content-type'] ??= 'application/x-www-form-urlencoded;charset=UTF-8';
    return body.toString();
  }
  if (body instanceof FormData || body instanceof Blob) {
    const extracted = new Response(body);
    const type = extracted.headers.get('content-type');
    if (type !== null) headers['content-type'] ??= type;
    return new StreamBody(extracted.body as unknown as AsyncIterable<Uint8Array>);
  }
  if (typeof (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator] === 'function') {
    return new StreamBody(body as AsyncIterable<Uint8Array>);
  }
  const text = String(body);
  headers['content-type'] ??= 'text/plain;charset=UTF-8';
  return text;
}
