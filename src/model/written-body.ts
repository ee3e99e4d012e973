/** The body of a request that its producer writes as it goes, for protocols that answer before the request has ended. */
import { REPLAY_LIMIT_BYTES, StreamBody } from './request-body.js';

/** Who takes what is written: the transport of one attempt. */
export interface BodyReader {
  /** @returns false: it has enough for now, until {@link WrittenBody.resume} */
  take(chunk: Uint8Array): boolean;
  /** There is no more. */
  finish(): void;
}

interface Written {
  readonly chunk: Uint8Array;
  /** Told when the transport has taken it and has room for more; null: it was, or nobody asked. */
  taken: (() => void) | null;
}

/**
 * Remembers its beginning as a {@link StreamBody} does, so that an attempt that failed early can be repeated. Whoever writes is told
 * when there is room for more; what is written before that waits here. Goes by transports that can answer meanwhile (HTTP/2) only.
 */
export class WrittenBody extends StreamBody {
  readonly #limit: number;
  /** From the first byte while it can be replayed, later what nobody has taken. */
  readonly #written: Written[] = [];
  /** How many of those the reader has taken. */
  #given = 0;
  #keptBytes = 0;
  #kept = true;
  #reader: BodyReader | null = null;
  /** The reader has had enough. */
  #blocked = false;
  /** Whose chunk it was that filled the reader. */
  #awaiting: (() => void) | null = null;
  #ended = false;
  #finished = false;
  #cancelled = false;

  /** @param limitBytes most bytes that are remembered */
  constructor(limitBytes: number = REPLAY_LIMIT_BYTES) {
    super(NOTHING, limitBytes);
    this.#limit = limitBytes;
  }

  override get replayable(): boolean {
    return this.#kept;
  }

  // -- the producer's side --

  /** @param taken told when there is room for more; at once, if nobody is going to read any more */
  write(chunk: Uint8Array, taken: (() => void) | null = null): void {
    if (this.#cancelled) {
      taken?.();
      return;
    }
    this.#written.push({ chunk, taken });
    if (this.#kept) {
      this.#keptBytes += chunk.byteLength;
      if (this.#keptBytes > this.#limit) this.commit();
    }
    this.#flush();
  }

  end(): void {
    this.#ended = true;
    this.#flush();
  }

  // -- the transport's side --

  /**
   * One attempt's reading, from the first byte. A new reader takes over from an earlier one.
   * @throws TypeError if the beginning is not there any more
   */
  follow(reader: BodyReader): void {
    if (this.#kept) this.#given = 0;
    else if (this.#reader !== null)
      throw new TypeError('this request body can not be read again from its first byte');
    this.#reader = reader;
    this.#blocked = false;
    this.#finished = false;
    this.resume();
  }

  /** The reader has room again. */
  resume(): void {
    this.#blocked = false;
    const awaiting = this.#awaiting;
    this.#awaiting = null;
    awaiting?.();
    this.#flush();
  }

  /** Nobody is going to read it a second time. */
  commit(): void {
    if (!this.#kept) return;
    this.#kept = false;
    this.#written.splice(0, this.#given);
    this.#given = 0;
  }

  override async cancel(): Promise<void> {
    this.#cancelled = true;
    this.#kept = false;
    this.#reader = null;
    const written = this.#written.splice(0);
    const awaiting = this.#awaiting;
    this.#awaiting = null;
    awaiting?.();
    for (const { taken } of written) taken?.();
  }

  // biome-ignore lint/correctness/useYield: it has nothing to give
  override async *read(): AsyncGenerator<Uint8Array> {
    throw new TypeError('a body that is written as it goes is sent over HTTP/2 only');
  }

  #flush(): void {
    while (this.#reader !== null && !this.#blocked && this.#given < this.#written.length) {
      const one = this.#written[this.#given]!;
      if (this.#kept) this.#given += 1;
      else this.#written.shift();
      const { taken } = one;
      one.taken = null;
      // A writer that is told may write at once: all that is above holds by then.
      if (this.#reader.take(one.chunk)) taken?.();
      else {
        this.#blocked = true;
        this.#awaiting = taken;
      }
    }
    if (!this.#ended || this.#finished || this.#reader === null || this.#given < this.#written.length) return;
    this.#finished = true;
    this.#reader.finish();
  }
}

const NOTHING: AsyncIterable<Uint8Array> = {
  async *[Symbol.asyncIterator]() {},
};
