/**
 * From what Node writes after a request's head to the bytes of its body.
 * @source RFC 9112 §7.1 (chunked)
 */
import { appendField, emptyFields, type HeaderFields } from '../../base/headers.js';
import { type BodyFraming, isOfTheConnection, refused } from './request-head.js';

export interface BodyDecoder {
  /** The last byte of the request was there. */
  readonly done: boolean;
  /** What followed the last chunk; null: nothing, or it is not there yet. */
  readonly trailers: HeaderFields | null;
  /**
   * @param into what of the body is in `bytes` is added, without a copy
   * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if this is not what the head announced
   */
  decode(bytes: Buffer, into: Buffer[]): void;
}

export function decoderOf(framing: BodyFraming): BodyDecoder {
  if (framing === 'chunked') return new ChunkedDecoder();
  return framing === 'none' ? UNFRAMED : new LengthDecoder(framing);
}

/**
 * No body was announced. What Node writes nevertheless, for a GET or DELETE with a body that nobody gave a length, reaches no server as a
 * body either: it is left out.
 */
const UNFRAMED: BodyDecoder = { done: true, trailers: null, decode() {} };

class LengthDecoder implements BodyDecoder {
  readonly trailers = null;
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  decode(bytes: Buffer, into: Buffer[]): void {
    if (bytes.byteLength > this.#left) throw refused('more of a body than its content-length says');
    if (bytes.byteLength === 0) return;
    this.#left -= bytes.byteLength;
    into.push(bytes);
  }
}

/** Longest line between two chunks, and of the trailers. */
const MAX_LINE = 16 * 1024;
/** Longest trailers together. */
const MAX_TRAILERS = 64 * 1024;

const LF = 0x0a;

class ChunkedDecoder implements BodyDecoder {
  #state: 'size' | 'data' | 'after' | 'trailers' | 'done' = 'size';
  #left = 0;
  /** A line that is not whole yet. */
  #line = '';
  trailers: HeaderFields | null = null;
  #trailersLength = 0;

  get done(): boolean {
    return this.#state === 'done';
  }

  decode(bytes: Buffer, into: Buffer[]): void {
    let at = 0;
    while (at < bytes.byteLength) {
      if (this.#state === 'done') throw refused('more of a body than its last chunk');
      if (this.#state === 'data') {
        const end = Math.min(bytes.byteLength, at + this.#left);
        into.push(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = 'after';
      } else {
        const found = bytes.indexOf(LF, at);
        const end = found === -1 ? bytes.byteLength : found + 1;
        this.#line += bytes.toString('latin1', at, end);
        if (this.#line.length > MAX_LINE) throw refused('a chunk of this form');
        at = end;
        if (found !== -1) this.#wholeLine();
      }
    }
  }

  #wholeLine(): void {
    if (!this.#line.endsWith('\r\n')) throw refused('a chunk of this form');
    const line = this.#line.slice(0, -2);
    this.#line = '';
    if (this.#state === 'after') {
      if (line !== '') throw refused('a chunk longer than it says');
      this.#state = 'size';
    } else if (this.#state === 'trailers') {
      this.#trailersLength += line.length;
      if (this.#trailersLength > MAX_TRAILERS) throw refused('trailers of this length');
      if (line === '') this.#state = 'done';
      else this.#addTrailer(line);
    } else {
      const size = /^[0-9a-f]{1,12}/i.exec(line)?.[0];
      if (size === undefined || !/^(?:;|$)/.test(line.slice(size.length)))
        throw refused('a chunk of this form');
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? 'trailers' : 'data';
    }
  }

  /** Fields of the connection, and of the body's framing, have no place here (RFC 9110 §6.5.1). */
  #addTrailer(line: string): void {
    const colon = line.indexOf(':');
    if (colon < 1) throw refused('a trailer without a colon');
    const name = line.slice(0, colon).toLowerCase();
    if (isOfTheConnection(name)) return;
    this.trailers ??= emptyFields();
    appendField(this.trailers, name, line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, ''));
  }
}
