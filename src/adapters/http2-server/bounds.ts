/**
 * What one connection may do before it is closed as an attack. Pure counting: the time is handed in.
 * @source CVE-2023-44487 (rapid reset), CVE-2019-9512 (pings), CVE-2019-9515 (settings); Envoy `source/common/http/conn_manager_impl.cc`
 * (`maybeDrainDueToPrematureResets`) for the rule on resets
 */

/** A stream that its caller takes back sooner than this has cost more than it was worth. */
const PREMATURE_MS = 1_000;
/** So many streams a connection may begin before it is judged by them. */
const JUDGED_AFTER = 500;
/** So many pings and settings may come with no request between them. */
const MAX_CONTROL = 1_000;
/** And so many a second beside those: a connection that only waits may ask now and then whether we live. */
const CONTROL_PER_SECOND = 10;

export class Bounds {
  #streams = 0;
  #premature = 0;
  #control = 0;
  #controlAt = 0;

  streamBegan(): void {
    this.#streams += 1;
    this.#control = 0;
  }

  /** @returns true: enough. More than half of its streams were taken back within a second */
  streamReset(ageMs: number): boolean {
    if (ageMs < PREMATURE_MS) this.#premature += 1;
    return this.#streams >= JUDGED_AFTER && this.#premature * 2 > this.#streams;
  }

  /** A ping, or settings. @param now monotonic milliseconds @returns true: enough */
  controlled(now: number): boolean {
    const forgiven = ((now - this.#controlAt) / 1_000) * CONTROL_PER_SECOND;
    this.#control = Math.max(0, this.#control - forgiven) + 1;
    this.#controlAt = now;
    return this.#control > MAX_CONTROL;
  }

  /** Part of a body has come: whoever sends something may ask how long it takes. */
  received(): void {
    this.#control = 0;
  }
}
