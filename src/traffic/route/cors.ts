/**
 * Cross-origin requests: answer the browser's preflight, or add what a browser wants to see to the response. CORS never
 * blocks a request.
 * @source Envoy `cors_filter.cc`
 */
import { type HeaderFields, headerValue } from '../../base/headers.js';
import { safeFieldText } from '../headers/decide.js';
import type { CorsPolicy } from './policy.js';
import { StringMatcher } from './string-matcher.js';

export class CompiledCors {
  readonly policy: CorsPolicy;
  readonly #origins: readonly StringMatcher[];
  readonly #anyOrigin: boolean;

  /** @throws Error on a pattern that is not RE2 */
  constructor(policy: CorsPolicy) {
    this.policy = policy;
    // An entry that asks for nothing is left out (Istio); one that takes a literal `*` takes everything (Envoy).
    this.#origins = policy.allowOrigins
      .filter((match) => !('present' in match))
      .map((match) => new StringMatcher(match));
    this.#anyOrigin = this.#origins.some((matcher) => matcher.matches('*'));
  }

  allows(origin: string): boolean {
    return this.#anyOrigin || this.#origins.some((matcher) => matcher.matches(origin));
  }
}

export type CorsVerdict =
  /** Answer with 200 and these headers; the service is not asked. */
  | { readonly kind: 'preflight'; readonly headers: HeaderFields }
  /** Set these on the response. */
  | { readonly kind: 'actual'; readonly headers: HeaderFields };

/** null: nothing to do. */
export function decideCors(cors: CompiledCors, method: string, headers: HeaderFields): CorsVerdict | null {
  const origin = headerValue(headers, 'origin');
  if (origin === undefined || origin === '') return null;
  const { policy } = cors;
  const allowed = cors.allows(origin);
  const preflight =
    method === 'OPTIONS' && (headerValue(headers, 'access-control-request-method') ?? '') !== '';
  if (!preflight) return allowed ? { kind: 'actual', headers: actualFields(policy, origin) } : null;
  if (allowed) return { kind: 'preflight', headers: preflightFields(policy, origin) };
  return policy.unmatchedPreflights === 'IGNORE' ? { kind: 'preflight', headers: {} } : null;
}

function actualFields(policy: CorsPolicy, origin: string): HeaderFields {
  const fields: HeaderFields = { 'access-control-allow-origin': safeFieldText(origin) };
  if (policy.allowCredentials) fields['access-control-allow-credentials'] = 'true';
  if (policy.exposeHeaders.length > 0)
    fields['access-control-expose-headers'] = policy.exposeHeaders.join(',');
  return fields;
}

function preflightFields(policy: CorsPolicy, origin: string): HeaderFields {
  const fields: HeaderFields = { 'access-control-allow-origin': safeFieldText(origin) };
  if (policy.allowCredentials) fields['access-control-allow-credentials'] = 'true';
  if (policy.allowMethods.length > 0) fields['access-control-allow-methods'] = policy.allowMethods.join(',');
  if (policy.allowHeaders.length > 0) fields['access-control-allow-headers'] = policy.allowHeaders.join(',');
  if (policy.maxAgeSeconds !== null) fields['access-control-max-age'] = String(policy.maxAgeSeconds);
  return fields;
}
