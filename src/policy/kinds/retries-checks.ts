/**
 * `retries`: what its schema cannot say.
 * @source Istio `pkg/config/validation/agent/validation.go` ValidateHTTPRetry
 */
import { checkDuration } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import type { HttpRouteSpec } from './virtual-service.js';

/** Envoy's words, as Istio accepts them. */
export const RETRY_ON: readonly string[] = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
];

export function checkRetries(retries: HttpRouteSpec['retries'], path: FieldPath, findings: Findings): void {
  if (retries === undefined) return;
  const attempts = retries.attempts ?? 0;
  if (attempts < 0) findings.error([...path, 'attempts'], `${attempts} is negative; 0 switches retries off`);
  if (attempts === 0)
    for (const field of ['perTryTimeout', 'retryOn', 'retryRemoteLocalities'] as const)
      if (retries[field] !== undefined && retries[field] !== '')
        findings.error(
          [...path, field],
          `'${field}' has no effect with 0 attempts; set attempts to 1 or more`,
        );
  checkDuration(retries.perTryTimeout, [...path, 'perTryTimeout'], findings);
  checkDuration(retries.backoff, [...path, 'backoff'], findings);
  if (retries.retryOn === undefined || retries.retryOn === '') return;
  for (const word of retries.retryOn.split(','))
    if (!RETRY_ON.includes(word) && !isStatus(word))
      findings.error(
        [...path, 'retryOn'],
        `'${word}' is not a condition for a retry (spaces count): expected ${RETRY_ON.join(', ')} or a status code`,
      );
}

/** Codes that have a name: IANA's, and 418. @source Go `net/http` StatusText, which Istio asks */
const STATUSES: readonly (readonly [number, number])[] = [
  [100, 103],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 418],
  [421, 426],
  [428, 429],
  [431, 431],
  [451, 451],
  [500, 508],
  [510, 511],
];

function isStatus(word: string): boolean {
  const code = /^\d{3}$/.test(word) ? Number(word) : 0;
  return STATUSES.some(([first, last]) => code >= first && code <= last);
}
