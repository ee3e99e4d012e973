/**
 * External authorization: what a provider is asked about one request, and what its answer means.
 * Pure; whoever sends it is elsewhere.
 * @source Envoy `source/extensions/filters/common/ext_authz/ext_authz_http_impl.cc`, `filters/http/ext_authz/ext_authz.cc`
 */
import { emptyFields, type HeaderFields, headerValue } from '../../base/headers.js';
import type { BodyAhead, FieldChanges, Refusal } from '../../model/exchange.js';
import type { EffectiveCheckProvider } from './provider.js';

/** The request to ask about. */
export interface CheckedRequest {
  readonly method: string;
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: HeaderFields;
}

/** What is sent to the provider. */
export interface CheckCall {
  readonly method: string;
  /** `host:port` of the provider. */
  readonly authority: string;
  readonly path: string;
  readonly headers: HeaderFields;
  readonly body: Uint8Array | null;
  readonly timeoutMs: number;
}

/** What it answered. */
export interface CheckAnswer {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly body: string;
}

/** Sends it. null: no answer could be had, or none in time. Never rejects. */
export type SendCheck = (call: CheckCall) => Promise<CheckAnswer | null>;

export type CheckVerdict =
  | {
      readonly kind: 'allow';
      /** To the request, for whoever looks at it from now on. */
      readonly changes: FieldChanges;
      /** To the answer of the handler. */
      readonly answerHeaders: HeaderFields;
    }
  | { readonly kind: 'deny'; readonly refusal: Refusal };

/**
 * On every check, with the name of the provider's host: a provider whose own policy has it ask itself is found out at once, and not
 * after as many calls as the time allows.
 */
export const CHECK_HEADER = 'x-heddle-check';

/** Of a connection or a message, not of a request. @source RFC 9110 §7.6.1 */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** @param body null: none is sent. */
export function checkCall(
  provider: EffectiveCheckProvider,
  request: CheckedRequest,
  body: BodyAhead | null,
): CheckCall {
  const headers = emptyFields();
  for (const name in request.headers)
    if (name === 'authorization' || (!FRAMING.has(name) && isListed(name, provider.requestHeaders)))
      headers[name] = request.headers[name]!;
  for (const name in provider.additionalHeaders) headers[name] = provider.additionalHeaders[name]!;
  // The provider sees the host that was asked for; its own is the one that is called.
  if (request.authority !== '') headers.host = request.authority;
  headers[CHECK_HEADER] = provider.service;
  if (body !== null) headers['x-envoy-auth-partial-body'] = String(!body.complete);
  const { service, port, pathPrefix, timeoutMs } = provider;
  const host = service.includes(':') ? `[${service}]` : service;
  return {
    method: request.method,
    authority: `${host}:${port}`,
    path: pathPrefix + request.path,
    headers,
    body: body?.bytes ?? null,
    timeoutMs,
  };
}

/** Is this request one of the checks that this very provider is asked? */
export function isOwnCheck(provider: EffectiveCheckProvider, headers: HeaderFields): boolean {
  return headerValue(headers, CHECK_HEADER) === provider.service;
}

/**
 * 200 lets the request in; another status below 500 is the answer that its caller gets; and all else is as good as no answer.
 * @param answer null: there is none
 */
export function decideCheck(provider: EffectiveCheckProvider, answer: CheckAnswer | null): CheckVerdict {
  if (answer === null || answer.status >= 500 || answer.status < 200)
    return provider.failOpen ? UNCHANGED : { kind: 'deny', refusal: errorRefusal(provider) };
  const { status, headers, body } = answer;
  if (status !== 200) {
    const list = provider.downstreamOnDeny;
    const kept = pick(
      headers,
      (name) => list.length === 0 || ALWAYS_ON_DENY.has(name) || isListed(name, list),
    );
    const refusal = { status, body, because: 'ext_authz_denied', close: false, headers: kept };
    return { kind: 'deny', refusal };
  }
  const set: Record<string, string> = Object.create(null);
  const upstream = pick(headers, (name) => isListed(name, provider.upstreamOnAllow));
  for (const name in upstream) set[name] = headerValue(upstream, name)!;
  return {
    kind: 'allow',
    changes: { remove: [], set },
    answerHeaders: pick(headers, (name) => isListed(name, provider.downstreamOnAllow)),
  };
}

/** The body is longer than the provider may get. @source Envoy `ext_authz` with `max_request_bytes` */
export const BODY_TOO_LARGE: Refusal = {
  status: 413,
  body: 'Payload Too Large',
  because: 'request_payload_too_large',
  close: true,
};

const UNCHANGED: CheckVerdict = {
  kind: 'allow',
  changes: { remove: [], set: Object.freeze(Object.create(null)) },
  answerHeaders: emptyFields(),
};

const ALWAYS_ON_DENY: ReadonlySet<string> = new Set(['www-authenticate', 'location']);

function errorRefusal({ statusOnError }: EffectiveCheckProvider): Refusal {
  return { status: statusOnError, body: '', because: 'ext_authz_error', close: false };
}

function pick(headers: HeaderFields, wanted: (name: string) => boolean): HeaderFields {
  const picked = emptyFields();
  for (const name in headers)
    if (!name.startsWith(':') && !FRAMING.has(name) && wanted(name)) picked[name] = headers[name]!;
  return picked;
}

function isListed(name: string, list: readonly string[]): boolean {
  for (const entry of list) {
    if (entry.startsWith('*')) {
      if (name.endsWith(entry.slice(1))) return true;
    } else if (entry.endsWith('*')) {
      if (name.startsWith(entry.slice(0, -1))) return true;
    } else if (entry === name) return true;
  }
  return false;
}
