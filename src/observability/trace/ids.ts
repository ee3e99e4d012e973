/** Ids of traces and spans for which nobody else makes one. */
import type { Random } from '../../base/random.js';

/**
 * 32 hex digits, not all of them zero, of which the last 13 were drawn already.
 * @param draw an integer of 1 or more, below 16¹³
 * @source W3C Trace Context §3.2.2.3
 */
export function traceIdOf(draw: number, random: Random): string {
  setWord(0, drawnWord(random));
  setWord(1, drawnWord(random));
  setWord(2, (Math.floor(random.next() * 0x1000) << 20) | Math.floor(draw / 0x1_0000_0000));
  setWord(3, draw);
  return bytes.toString('hex', 0, 16);
}

/** 16 hex digits, not all of them zero. */
export function newSpanId(random: Random): string {
  const high = drawnWord(random);
  const low = drawnWord(random);
  setWord(0, high);
  setWord(1, (high | low) === 0 ? 1 : low);
  return bytes.toString('hex', 0, 8);
}

/** Filled and read in one go: a number turned into digits costs ten times as much. */
const bytes = Buffer.alloc(16);

function drawnWord(random: Random): number {
  return Math.floor(random.next() * 0x1_0000_0000);
}

/** The last 32 bits of `value`, in network order. */
function setWord(at: number, value: number): void {
  bytes[4 * at] = value >>> 24;
  bytes[4 * at + 1] = value >>> 16;
  bytes[4 * at + 2] = value >>> 8;
  bytes[4 * at + 3] = value;
}
