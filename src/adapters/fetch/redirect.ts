/** What a redirect asks for next. @source Fetch standard §4.5, HTTP-redirect fetch */
import { copyFields, type HeaderFields, headerValue } from '../../base/headers.js';
import { parseUrl } from '../../base/url.js';
import type { Responded } from '../../model/outcome.js';
import { isReplayable } from '../../model/request-body.js';
import { networkError } from './errors.js';
import { refererFor, referrerPolicyIn } from './referrer.js';
import type { FetchRequest } from './request.js';
import { type Target, targetOf } from './target.js';

/** The fetch API's own limit. */
export const MAX_REDIRECTS = 20;
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const BODY_FIELDS = [
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'content-length',
];
const SECRETS = ['authorization', 'cookie', 'proxy-authorization'];

/**
 * 303, and 301 and 302 after POST, become GET without a body; credentials do not follow to another origin. The fields are those that the
 * caller gave: what the mesh and its policy added was for the first destination.
 */
export function redirected(
  request: FetchRequest,
  { status, headers }: Responded,
  location: string,
): FetchRequest {
  const target = targetAt(request, location);
  const { method, body } = request;
  const toGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST');
  if (!toGet && !isReplayable(body)) {
    throw networkError('the request was redirected, and its body cannot be sent again');
  }
  const policy = referrerPolicyIn(headerValue(headers, 'referrer-policy'));
  const referrer =
    request.referrer === null || policy === undefined ? request.referrer : { ...request.referrer, policy };
  const fields = request.fields === null ? null : copyFields(request.fields);
  if (fields !== null) {
    if (toGet) for (const name of BODY_FIELDS) delete fields[name];
    if (target.origin !== request.target.origin) {
      for (const name of SECRETS) delete fields[name];
      if (referrer === null) shortenReferrer(fields, target);
    }
    if (referrer !== null) setReferer(fields, refererFor(referrer, target));
  }
  return { ...request, target, fields, referrer, method: toGet ? 'GET' : method, body: toGet ? null : body };
}

/** As the default policy has it for a field that the caller wrote himself: its path is nobody else's business. */
function shortenReferrer(fields: HeaderFields, target: Target): void {
  const { referer } = fields;
  if (typeof referer !== 'string') return;
  const url = parseUrl(referer);
  setReferer(fields, url === null ? null : refererFor({ url: referer, policy: '' }, target));
}

function setReferer(fields: HeaderFields, referer: string | null): void {
  if (referer === null) delete fields.referer;
  else fields.referer = referer;
}

function targetAt(request: FetchRequest, location: string): Target {
  // Fields are bytes; a server that writes UTF-8 into one means UTF-8.
  const text = /[\x80-\xff]/.test(location) ? Buffer.from(location, 'latin1').toString('utf8') : location;
  const url = parseUrl(text, request.target.href);
  if (url === null) throw networkError('a redirect to what is no URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw networkError(`a redirect to ${url.protocol}, which is not a scheme of HTTP`);
  }
  const elsewhere = url.origin !== request.target.origin;
  if (elsewhere && request.mode === 'same-origin') {
    throw networkError('a redirect to another origin, with the mode same-origin');
  }
  if (elsewhere && request.mode === 'cors' && (url.username !== '' || url.password !== '')) {
    throw networkError('a redirect to another origin with credentials in its URL');
  }
  url.username = '';
  url.password = '';
  return targetOf(url)!;
}
