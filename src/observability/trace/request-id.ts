import type { Random } from '../../base/random.js';
import { isVisible } from '../../base/visible.js';

/**
 * `x-request-id`: one id for everything that is done because of one request. It finds log lines; it protects nothing, so the
 * ordinary dice are good enough.
 * @source Envoy `docs/root/configuration/http/http_conn_man/headers.rst` (x-request-id)
 */
export const REQUEST_ID = 'x-request-id';

/** A longer one is not an id but a burden: it is replaced. */
const MAX_LENGTH = 256;

/** The id that came with a request, if it can be passed on. */
export function acceptRequestId(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value.length <= MAX_LENGTH && isVisible(value) ? value : undefined;
}

/**
 * A new id, a UUID of version 4.
 * @source RFC 9562 §5.4
 */
export function newRequestId(random: Random): string {
  const a = word(random);
  const b = word(random);
  const c = word(random);
  const d = word(random);
  const versioned = (b & 0xffff0fff) | 0x4000;
  const variant = (c & 0x3fffffff) | 0x80000000;
  // Written at once: a string joined of twenty parts is a tree, which costs as much again when it goes to the wire.
  // biome-ignore format: one group of digits a line
  return String.fromCharCode(
    DIGITS[(a >>> 28) & 15]!, DIGITS[(a >>> 24) & 15]!, DIGITS[(a >>> 20) & 15]!, DIGITS[(a >>> 16) & 15]!,
    DIGITS[(a >>> 12) & 15]!, DIGITS[(a >>> 8) & 15]!, DIGITS[(a >>> 4) & 15]!, DIGITS[a & 15]!,
    DASH,
    DIGITS[(versioned >>> 28) & 15]!, DIGITS[(versioned >>> 24) & 15]!, DIGITS[(versioned >>> 20) & 15]!, DIGITS[(versioned >>> 16) & 15]!,
    DASH,
    DIGITS[(versioned >>> 12) & 15]!, DIGITS[(versioned >>> 8) & 15]!, DIGITS[(versioned >>> 4) & 15]!, DIGITS[versioned & 15]!,
    DASH,
    DIGITS[(variant >>> 28) & 15]!, DIGITS[(variant >>> 24) & 15]!, DIGITS[(variant >>> 20) & 15]!, DIGITS[(variant >>> 16) & 15]!,
    DASH,
    DIGITS[(variant >>> 12) & 15]!, DIGITS[(variant >>> 8) & 15]!, DIGITS[(variant >>> 4) & 15]!, DIGITS[variant & 15]!,
    DIGITS[(d >>> 28) & 15]!, DIGITS[(d >>> 24) & 15]!, DIGITS[(d >>> 20) & 15]!, DIGITS[(d >>> 16) & 15]!,
    DIGITS[(d >>> 12) & 15]!, DIGITS[(d >>> 8) & 15]!, DIGITS[(d >>> 4) & 15]!, DIGITS[d & 15]!,
  );
}

function word(random: Random): number {
  return Math.floor(random.next() * 0x1_0000_0000) | 0;
}

const DIGITS = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const DASH = 0x2d;
