/** The `referer` field of a request whose caller names a referrer. @source Referrer Policy §8.3, for a client without a URL of its own */
import type { Target } from './target.js';

const NO_DOWNGRADE = new Set([
  '',
  'strict-origin',
  'strict-origin-when-cross-origin',
  'no-referrer-when-downgrade',
]);

/** null for none. */
export function referrerOf({ referrer, referrerPolicy: policy }: Request, target: Target): string | null {
  if (referrer === '' || referrer === 'about:client' || policy === 'no-referrer') return null;
  const from = new URL(referrer);
  if (from.protocol !== 'http:' && from.protocol !== 'https:') return null;
  if (NO_DOWNGRADE.has(policy) && from.protocol === 'https:' && target.scheme === 'http') return null;
  const same = from.origin === target.origin;
  if (policy === 'same-origin' && !same) return null;
  const whole =
    policy === 'unsafe-url' ||
    policy === 'no-referrer-when-downgrade' ||
    (same && !policy.endsWith('origin')) ||
    (same && policy === 'same-origin');
  if (!whole) return `${from.origin}/`;
  from.username = '';
  from.password = '';
  from.hash = '';
  return from.href;
}
