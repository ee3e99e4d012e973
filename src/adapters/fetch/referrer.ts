/** The `referer` field of a request whose caller names a referrer. @source Referrer Policy §8, for a client without a URL of its own */
import type { Target } from './target.js';

/** Whom a request says that it comes from. */
export interface Referrer {
  readonly url: string;
  /** Which the caller, or a redirect, asks for; empty for the default. */
  readonly policy: string;
}

type Shown = 'whole' | 'origin' | 'nothing';

const DEFAULT = 'strict-origin-when-cross-origin';
/** What is shown to the same origin, to another one, and to one in plain text where the referrer is not. */
const POLICIES = new Map<string, readonly [same: Shown, other: Shown, downgraded: Shown]>([
  ['no-referrer', ['nothing', 'nothing', 'nothing']],
  ['no-referrer-when-downgrade', ['whole', 'whole', 'nothing']],
  ['origin', ['origin', 'origin', 'origin']],
  ['origin-when-cross-origin', ['whole', 'origin', 'origin']],
  ['same-origin', ['whole', 'nothing', 'nothing']],
  ['strict-origin', ['origin', 'origin', 'nothing']],
  [DEFAULT, ['whole', 'origin', 'nothing']],
  ['unsafe-url', ['whole', 'whole', 'whole']],
]);
/** Of longer ones only the origin is shown. */
const LONGEST = 4096;

/** The last that is known in a `Referrer-Policy` field; undefined: the field says nothing. */
export function referrerPolicyIn(field: string | undefined): string | undefined {
  if (field === undefined) return undefined;
  const known = field.split(',').map((token) => token.trim().toLowerCase());
  return known.findLast((token) => POLICIES.has(token));
}

/** null for none. */
export function refererFor({ url, policy }: Referrer, target: Target): string | null {
  if (url === '' || url === 'about:client') return null;
  const from = new URL(url);
  if (from.protocol !== 'http:' && from.protocol !== 'https:') return null;
  const [same, other, downgraded] = POLICIES.get(policy) ?? POLICIES.get(DEFAULT)!;
  const isDowngrade = from.protocol === 'https:' && target.scheme === 'http';
  const shown = isDowngrade ? downgraded : from.origin === target.origin ? same : other;
  if (shown === 'nothing') return null;
  from.username = '';
  from.password = '';
  from.hash = '';
  return shown === 'whole' && from.href.length <= LONGEST ? from.href : `${from.origin}/`;
}
