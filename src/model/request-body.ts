import type { HeaderFields } from '../base/headers.js';

/**
 * The body of a request. `replayable` says whether a further attempt can send it again: always for bytes and strings, for a
 * stream while what was read of it fits the retry buffer.
 */
export type RequestBody = null | string | Uint8Array | StreamBody;

/** @default 64 KiB, a choice of this library; Envoy's own limit is 1 MiB per connection. */
export const REPLAY_LIMIT_BYTES = 64 * 1024;

/** A stream that remembers its beginning, so that an attempt that failed early can be repeated. */
export class StreamBody {
  /**
   * What follows the last byte, asked for once that is sent; null: nothing will. Over HTTP/2 only: our client for HTTP/1.1 can not
   * send trailers.
   */
  trailers: (() => HeaderFields | null) | null = null;
  readonly #source: AsyncIterable<Uint8Array | string>;
  readonly #iterator: AsyncIterator<Uint8Array | string>;
  readonly #limit: number;
  /** What was read of the source, from its first byte; null once that is more than the limit. */
  #kept: Uint8Array[] | null = [];
  #keptBytes = 0;
  /** The read of the source that is under way. Readings share it: one that was given up may have begun it. */
  #pull: Promise<Uint8Array | null> | null = null;
  #finished = false;
  #failure: { readonly error: unknown } | null = null;

  constructor(source: AsyncIterable<Uint8Array | string>, limitBytes: number = REPLAY_LIMIT_BYTES) {
    this.#source = source;
    this.#iterator = source[Symbol.asyncIterator]();
    this.#limit = limitBytes;
  }

  /** Can the body be sent once more from its first byte? */
  get replayable(): boolean {
    return this.#kept !== null && this.#failure === null;
  }

  /**
   * One attempt's reading: what was kept, then the rest of the source. A new reading takes over from an earlier one.
   * @throws what the source threw, in every reading; and TypeError if the beginning is not there any more: half a body must
   *   never pass for a whole one
   */
  async *read(): AsyncGenerator<Uint8Array> {
    const kept = this.#kept;
    if (kept === null) throw new TypeError('this request body can not be read again from its first byte');
    let position = 0;
    for (;;) {
      if (position < kept.length) {
        yield kept[position]!;
        position += 1;
        continue;
      }
      const chunk = await this.#next();
      if (chunk === null) return;
      // What was kept has its turn above, whichever reading pulled it.
      if (position === kept.length) yield chunk;
    }
  }

  /** Tells the source that nobody reads on. */
  async cancel(): Promise<void> {
    this.#finished = true;
    this.#kept = null;
    // A generator that waits for its next chunk hears of nothing else before it has it; a stream can be told at any time.
    if (isDestroyable(this.#source)) this.#source.destroy();
    else await this.#iterator.return?.();
  }

  #next(): Promise<Uint8Array | null> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    if (this.#finished) return Promise.resolve(null);
    this.#pull ??= this.#read().finally(() => {
      this.#pull = null;
    });
    return this.#pull;
  }

  async #read(): Promise<Uint8Array | null> {
    try {
      const next = await this.#iterator.next();
      if (next.done) {
        this.#finished = true;
        return null;
      }
      const chunk = typeof next.value === 'string' ? new TextEncoder().encode(next.value) : next.value;
      this.#keep(chunk);
      return chunk;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  #keep(chunk: Uint8Array): void {
    if (this.#kept === null) return;
    this.#keptBytes += chunk.byteLength;
    // The chunk that exceeds the limit is kept for the reading under way, which may not have been the one to pull it.
    this.#kept.push(chunk);
    if (this.#keptBytes > this.#limit) this.#kept = null;
  }
}

export function isReplayable(body: RequestBody): boolean {
  return !(body instanceof StreamBody) || body.replayable;
}

/** As Node's streams are. */
function isDestroyable(source: object): source is { destroy(): void } {
  return typeof (source as { destroy?: unknown }).destroy === 'function';
}
