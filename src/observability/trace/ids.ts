/** Ids of traces and spans for which nobody else makes one. */
import type { Random } from '../../base/random.js';

/** 32 hex digits, not all of them zero. @source W3C Trace Context §3.2.2.3 */
export function newTraceId(random: Random): string {
  return newSpanId(random) + newSpanId(random);
}

/** 16 hex digits, not all of them zero. */
export function newSpanId(random: Random): string {
  const id = word(random) + word(random);
  return /^0+$/.test(id) ? `${id.slice(1)}1` : id;
}

function word(random: Random): string {
  return Math.floor(random.next() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
}
