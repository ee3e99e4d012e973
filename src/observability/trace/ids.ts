/** Ids of traces and spans for which nobody else makes one. */
import type { Random } from '../../base/random.js';

/**
 * 32 hex digits, not all of them zero, of which the last 13 were drawn already.
 * @param draw an integer of 1 or more, below 16¹³
 * @source W3C Trace Context §3.2.2.3
 */
export function traceIdOf(draw: number, random: Random): string {
  return randomHex(random, 4).slice(0, 19) + draw.toString(16).padStart(13, '0');
}

/** 16 hex digits, not all of them zero. */
export function newSpanId(random: Random): string {
  return randomHex(random, 2);
}

/** Filled and read in one go: a number turned into digits costs ten times as much. */
const bytes = Buffer.alloc(16);

function randomHex(random: Random, words: number): string {
  let all = 0;
  for (let word = 0; word < words; word += 1) {
    const value = Math.floor(random.next() * 0x1_0000_0000);
    all |= value;
    bytes[4 * word] = value >>> 24;
    bytes[4 * word + 1] = value >>> 16;
    bytes[4 * word + 2] = value >>> 8;
    bytes[4 * word + 3] = value;
  }
  if (all === 0) bytes[4 * words - 1] = 1;
  return bytes.toString('hex', 0, 4 * words);
}
