/** Bytes in, lines out, with a limit on what may pile up before a line ends. */
export class Lines {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that `chunk` completes, empty ones left out; undefined: a line is longer than allowed. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (!this.#keep(chunk.subarray(from, end))) return undefined;
      const line = Buffer.concat(this.#parts).toString('utf8').trim();
      if (line !== '') lines.push(line);
      this.#parts = [];
      this.#size = 0;
      from = end + 1;
    }
    return this.#keep(chunk.subarray(from)) ? lines : undefined;
  }

  #keep(part: Buffer): boolean {
    this.#size += part.length;
    const fits = this.#size <= this.#maxBytes;
    // What comes after is read until the connection ends, and must not pile up.
    if (!fits) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
    return fits;
  }
}
