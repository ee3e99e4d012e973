/**
 * Counts of the last seconds, in slices: nothing is made per count. What is counted falls out with its whole slice, so that the window
 * covers between nine and ten tenths of its length.
 */
export class Window {
  readonly #sliceMs: number;
  readonly #counts: number[] = new Array(SLICES).fill(0);
  /** Number of the slice that counts now. */
  #slice = 0;
  #total = 0;

  constructor(lengthMs: number) {
    this.#sliceMs = lengthMs / SLICES;
  }

  /**
   * @param at monotonic milliseconds; what is older than the newest slice counts in that
   * @param count below 0 takes back what was counted before
   */
  add(at: number, count = 1): void {
    this.#turn(at);
    this.#counts[this.#slice % SLICES]! += count;
    this.#total += count;
  }

  total(now: number): number {
    this.#turn(now);
    return this.#total;
  }

  #turn(at: number): void {
    const slice = Math.floor(at / this.#sliceMs);
    if (slice <= this.#slice) return;
    const first = Math.max(this.#slice + 1, slice - SLICES + 1);
    for (let passed = first; passed <= slice; passed += 1) {
      this.#total -= this.#counts[passed % SLICES]!;
      this.#counts[passed % SLICES] = 0;
    }
    this.#slice = slice;
  }
}

const SLICES = 10;
