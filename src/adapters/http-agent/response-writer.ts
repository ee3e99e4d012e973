/** Writes a response as HTTP/1.1, in as few pieces as it can: each costs the client a run of its parser. */
import type { HeaderFields } from '../../base/headers.js';
import type { BodySink, ResponseBody } from '../../model/response-body.js';
import { type ResponseHead, renderTrailers } from './response-head.js';

/** The connection's side of it. */
export interface ResponseTarget {
  /** @returns false to wait until the body is resumed */
  send(bytes: Uint8Array): boolean;
  /** All is sent. */
  responseEnded(): void;
  /** It broke off. */
  responseFailed(error: Error): void;
}

/** Up to this size, copying is cheaper than another piece. */
const JOINED_BYTES = 16 * 1024;

export class ResponseWriter implements BodySink {
  readonly #target: ResponseTarget;
  readonly #body: ResponseBody;
  /** Where there is no body, none is passed on. */
  readonly #none: boolean;
  readonly #chunked: boolean;
  /** Bytes that the head's length still promises; without one, none. */
  #left: number;
  /** Text is one byte a character. */
  #parts: (string | Uint8Array)[] = [];
  #size = 0;
  /** What is at hand goes out with the head. */
  #gathering = true;
  #begun = false;

  constructor(target: ResponseTarget, { text, framing }: ResponseHead, body: ResponseBody) {
    this.#target = target;
    this.#body = body;
    this.#none = framing === 'none';
    this.#chunked = framing === 'chunked';
    this.#left = typeof framing === 'number' ? framing : 0;
    this.#add(text);
  }

  start(): void {
    this.#body.attach(this);
    this.#gathering = false;
    if (this.#parts.length > 0) this.#flush();
  }

  // -- the body's side --

  onData(chunk: Uint8Array): boolean {
    if (this.#none || chunk.byteLength === 0) return true;
    if (this.#chunked) this.#add(`${this.#begun ? '\r\n' : ''}${chunk.byteLength.toString(16)}\r\n`);
    else {
      this.#left -= chunk.byteLength;
      if (this.#left < 0) {
        this.onError(new Error('the response is longer than its content-length'));
        return false;
      }
    }
    this.#begun = true;
    this.#add(chunk);
    return this.#gathering || this.#flush();
  }

  onEnd(): void {
    if (this.#left > 0) {
      this.onError(new Error('the response is shorter than its content-length'));
      return;
    }
    if (this.#chunked) this.#add(lastChunk(this.#begun, this.#body.trailers));
    if (this.#parts.length > 0) this.#flush();
    this.#target.responseEnded();
  }

  onError(error: Error): void {
    if (this.#parts.length > 0) this.#flush();
    this.#target.responseFailed(error);
  }

  #add(part: string | Uint8Array): void {
    this.#parts.push(part);
    this.#size += part.length;
  }

  #flush(): boolean {
    const parts = this.#parts;
    const size = this.#size;
    this.#parts = [];
    this.#size = 0;
    if (parts.length > 1 && size <= JOINED_BYTES) return this.#target.send(join(parts, size));
    let goesOn = true;
    for (const part of parts)
      goesOn = this.#target.send(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
    return goesOn;
  }
}

function lastChunk(begun: boolean, trailers: HeaderFields | null): string {
  return `${begun ? '\r\n' : ''}0\r\n${renderTrailers(trailers)}\r\n`;
}

function join(parts: readonly (string | Uint8Array)[], size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') bytes.write(part, at, 'latin1');
    else bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
