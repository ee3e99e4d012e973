/**
 * The body of a request. `replayable` says whether a further attempt can send it again: always for bytes and strings, for a
 * stream while what was read of it fits the retry buffer.
 */
export type RequestBody = null | string | Uint8Array | StreamBody;

/** @default 64 KiB, a choice of this library; Envoy's own limit is 1 MiB per connection. */
export const REPLAY_LIMIT_BYTES = 64 * 1024;

/** A stream that remembers its beginning, so that an attempt that failed early can be repeated. */
export class StreamBody {
  readonly #iterator: AsyncIterator<Uint8Array | string>;
  readonly #limit: number;
  #kept: Uint8Array[] | null = [];
  #keptBytes = 0;
  #finished = false;

  constructor(source: AsyncIterable<Uint8Array | string>, limitBytes: number = REPLAY_LIMIT_BYTES) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#limit = limitBytes;
  }

  /** Can the body be sent once more from its first byte? */
  get replayable(): boolean {
    return this.#kept !== null;
  }

  /** One attempt's reading: what was kept, then the rest of the source. One reading at a time. */
  async *read(): AsyncGenerator<Uint8Array> {
    for (const chunk of this.#kept ?? []) yield chunk;
    while (!this.#finished) {
      const next = await this.#iterator.next();
      if (next.done) {
        this.#finished = true;
        return;
      }
      const chunk = typeof next.value === 'string' ? new TextEncoder().encode(next.value) : next.value;
      this.#keep(chunk);
      yield chunk;
    }
  }

  /** Tells the source that nobody reads on. */
  async cancel(): Promise<void> {
    this.#finished = true;
    this.#kept = null;
    await this.#iterator.return?.();
  }

  #keep(chunk: Uint8Array): void {
    if (this.#kept === null) return;
    this.#keptBytes += chunk.byteLength;
    if (this.#keptBytes > this.#limit) this.#kept = null;
    else this.#kept.push(chunk);
  }
}

export function isReplayable(body: RequestBody): boolean {
  return !(body instanceof StreamBody) || body.replayable;
}
