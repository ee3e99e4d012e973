/** A request's body on its way from whoever writes it to the attempts that read it, no faster than they do. */
type Written = (error?: Error | null) => void;

interface Waiting {
  readonly resolve: (next: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (reason: Error) => void;
}

const END: IteratorResult<Uint8Array, undefined> = { done: true, value: undefined };

export class Upload implements AsyncIterableIterator<Uint8Array> {
  #pieces: Uint8Array[];
  #complete = false;
  #failure: Error | null = null;
  /** Nobody reads on. */
  #closed = false;
  #waiting: Waiting | null = null;
  #written: Written | null = null;

  /** @param pieces what is there already */
  constructor(pieces: Uint8Array[]) {
    this.#pieces = pieces;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // -- the writer's side --

  /** @param written called when more may be written: all that was added has been taken */
  add(pieces: readonly Uint8Array[], complete: boolean, written: Written): void {
    this.#complete = complete;
    this.#written = written;
    if (!this.#closed) {
      for (const piece of pieces) this.#pieces.push(piece);
      const waiting = this.#waiting;
      const next = waiting === null ? null : this.#take();
      if (next !== null) {
        this.#waiting = null;
        waiting?.resolve(next);
      }
    }
    if (this.#pieces.length === 0) this.#more();
  }

  /** The writer is gone: half a body must not pass for a whole one. */
  fail(error: Error): void {
    if (this.#closed || (this.#complete && this.#pieces.length === 0)) return;
    this.#failure = error;
    this.#end();
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  /** Nobody reads on; what is still written is thrown away. */
  close(): void {
    if (this.#closed) return;
    this.#end();
    this.#waiting?.resolve(END);
    this.#waiting = null;
  }

  // -- the reader's side --

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const next = this.#take();
    if (next !== null) {
      if (this.#pieces.length === 0) this.#more();
      return Promise.resolve(next);
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.close();
    return Promise.resolve(END);
  }

  /** null: not there yet. */
  #take(): IteratorResult<Uint8Array, undefined> | null {
    const value = this.#pieces.shift();
    if (value !== undefined) return { done: false, value };
    return this.#complete || this.#closed ? END : null;
  }

  #more(): void {
    const written = this.#written;
    this.#written = null;
    written?.();
  }

  #end(): void {
    this.#closed = true;
    this.#pieces = [];
    this.#more();
  }
}
