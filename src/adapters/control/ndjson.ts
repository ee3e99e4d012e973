/** Newline-delimited JSON with a limit on each line: one message a line, either way. */
import { MeshError } from '../../base/errors.js';

const NEWLINE = 0x0a;

/** Splits chunks of bytes into lines. Bytes, not text, so that a character may lie across two chunks. */
export class LineReader {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #size = 0;

  /** @param maxBytes longest line, without its newline */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The lines that `chunk` completes.
   * @throws MeshError `HEDDLE_PROTOCOL_ERROR` as soon as a line is known to be too long, complete or not
   */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      const line = Buffer.concat(this.#parts, this.#size).toString('utf8');
      this.#parts = [];
      this.#size = 0;
      if (line.trim() !== '') lines.push(line);
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#size += part.length;
    if (this.#size > this.#maxBytes) {
      throw new MeshError(`the peer sent a message longer than ${this.#maxBytes} bytes`, {
        code: 'HEDDLE_PROTOCOL_ERROR',
      });
    }
    this.#parts.push(part);
  }
}

export function formatLine(message: object): string {
  return `${JSON.stringify(message)}\n`;
}
