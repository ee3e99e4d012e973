/** From what `fetch` takes to what a call needs. Plain requests are read here; whatever else there is, the platform's `Request` reads. */
import { copyFields, emptyFields, type HeaderFields } from '../../base/headers.js';
import type { CallRequest } from '../../model/call.js';
import type { RequestBody } from '../../model/request-body.js';
import { addDefaults, plainFields } from './fields.js';
import type { Referrer } from './referrer.js';
import { bytesOf } from './request-body.js';
import type { Target, Targets } from './target.js';

export { toBody, toFields } from './loose.js';

/** `fetch`'s options, and the mesh's one: a limit for the whole call. */
export interface FetchInit extends Omit<RequestInit, 'body' | 'dispatcher'> {
  readonly body?: RequestInit['body'] | AsyncIterable<Uint8Array | string> | null;
  /** Milliseconds for the whole call, retries and body included; the smaller of this and the route's timeout holds. */
  readonly timeoutMs?: number;
}

export interface FetchRequest {
  readonly target: Target;
  readonly method: string;
  /** As the caller gave them; null for none. Those of a call are changed on the way. */
  readonly fields: HeaderFields | null;
  readonly body: RequestBody;
  readonly signal: AbortSignal | null;
  readonly timeoutMs: number | undefined;
  readonly redirect: 'follow' | 'manual' | 'error';
  readonly mode: 'cors' | 'no-cors' | 'same-origin';
  /** null: the caller names none, or wrote the field himself. */
  readonly referrer: Referrer | null;
  /** Of subresource integrity; empty for none. */
  readonly integrity: string;
}

/** Options that are read here. With any other, and with other values of these, the platform has to say what they mean. */
const PLAIN_OPTIONS = new Set(['method', 'headers', 'body', 'signal', 'redirect', 'timeoutMs']);
const PLAIN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);
const NO_INIT: FetchInit = {};

/** null: it is not plain. */
export function plainRequest(
  targets: Targets,
  input: unknown,
  init: FetchInit = NO_INIT,
): FetchRequest | null {
  if (typeof input !== 'string' && !(input instanceof URL)) return null;
  if (typeof init !== 'object' || init === null) return null;
  for (const option in init) if (!PLAIN_OPTIONS.has(option)) return null;
  const { method = 'GET', redirect = 'follow', signal = null, headers, body = null, timeoutMs } = init;
  if (!PLAIN_METHODS.has(method)) return null;
  if (redirect !== 'follow' && redirect !== 'manual' && redirect !== 'error') return null;
  if (signal !== null && !(signal instanceof AbortSignal)) return null;
  let fields: HeaderFields | null = null;
  if (headers !== undefined) {
    fields = plainFields(headers);
    if (fields === null) return null;
  }
  let bytes: string | Uint8Array | null = null;
  if (body !== null) {
    if (method === 'GET' || method === 'HEAD') return null;
    const read = bytesOf(body);
    if (read === undefined) return null;
    bytes = read;
    if (typeof read === 'string') {
      fields ??= emptyFields();
      fields['content-type'] ??= typeof body === 'string' ? TEXT : FORM;
    }
  }
  const target = targets.read(input);
  if (target === null) return null;
  return {
    target,
    method,
    fields,
    body: bytes,
    signal,
    timeoutMs,
    redirect,
    mode: 'cors',
    referrer: null,
    integrity: '',
  };
}

const TEXT = 'text/plain;charset=UTF-8';
const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';

export function callOf({ target, method, fields, body, signal, timeoutMs }: FetchRequest): CallRequest {
  const headers = fields === null ? emptyFields() : copyFields(fields);
  addDefaults(headers);
  const { scheme, authority, path } = target;
  return { method, scheme, authority, path, headers, body, signal, timeoutMs };
}
