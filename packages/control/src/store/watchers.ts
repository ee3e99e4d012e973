/** Watchers: hands each published batch to those who watch one of its keys, in order. */
import type { EventBatch, StoreEvent } from './store.js';

export function keyOf(event: StoreEvent): string {
  return event.type === 'put' ? event.entry.key : event.key;
}

/** The part of `batch` that lies under `prefix`; undefined: nothing does. */
export function under(prefix: string, batch: EventBatch): EventBatch | undefined {
  const events = batch.events.filter((event) => keyOf(event).startsWith(prefix));
  return events.length === 0 ? undefined : { revision: batch.revision, events };
}

/** One watch: a queue that grows while its reader is busy. */
export class Watcher implements AsyncIterableIterator<EventBatch> {
  readonly #prefix: string;
  readonly #onEnd: (watcher: Watcher) => void;
  readonly #queue: EventBatch[] = [];
  #after: number;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** @param after batches up to this revision are not reported */
  constructor(prefix: string, after: number, onEnd: (watcher: Watcher) => void) {
    this.#prefix = prefix;
    this.#after = after;
    this.#onEnd = onEnd;
  }

  offer(batch: EventBatch): void {
    if (this.#ended || batch.revision <= this.#after) return;
    this.#after = batch.revision;
    const part = under(this.#prefix, batch);
    if (part === undefined) return;
    this.#queue.push(part);
    this.#wake?.();
  }

  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#onEnd(this);
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<EventBatch>> {
    while (this.#queue.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    return { done: false, value: this.#queue.shift()! };
  }

  async return(): Promise<IteratorResult<EventBatch>> {
    this.end();
    this.#queue.length = 0;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
