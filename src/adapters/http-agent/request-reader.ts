/** Reads one request out of what Node writes to a connection: its head, then the bytes of its body. */
import type { HeaderFields } from '../../base/headers.js';
import { type BodyDecoder, decoderOf } from './body-decoder.js';
import { MAX_HEAD, parseHead, type RequestHead, refused, type Target } from './request-head.js';

const HEAD_END = '\r\n\r\n';

export class RequestReader {
  readonly #fallback: Target;
  /** null until it is whole. */
  head: RequestHead | null = null;
  #text = '';
  #decoder: BodyDecoder | null = null;
  #pieces: Buffer[] = [];

  /** @param fallback where the request goes if it does not say so itself */
  constructor(fallback: Target) {
    this.#fallback = fallback;
  }

  /** The last byte of the request was there. */
  get done(): boolean {
    return this.#decoder?.done ?? false;
  }

  /** What followed the body; null: nothing, or it is not there yet. */
  get trailers(): HeaderFields | null {
    return this.#decoder?.trailers ?? null;
  }

  /**
   * Bytes are copied: once they are written, they are the writer's to change, but a further attempt may send them again.
   * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for what the mesh does not carry
   */
  read(chunk: string | Uint8Array, encoding: BufferEncoding): void {
    if (this.#decoder === null) this.#readHead(chunk, encoding);
    else if (this.head!.framing !== 'none' && chunk.length > 0)
      this.#decoder.decode(
        typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk),
        this.#pieces,
      );
  }

  /** What of the body has been read since this was called the last time. */
  take(): Buffer[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  /** Node writes a head as one string, alone or with what follows it. */
  #readHead(chunk: string | Uint8Array, encoding: BufferEncoding): void {
    const text = this.#text + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1'));
    const end = text.indexOf(HEAD_END);
    if (end > MAX_HEAD || (end === -1 && text.length > MAX_HEAD))
      throw refused(`a head of more than ${MAX_HEAD} characters`);
    this.#text = end === -1 ? text : '';
    if (end === -1) return;
    this.head = parseHead(text.slice(0, end), this.#fallback);
    this.#decoder = decoderOf(this.head.framing);
    const rest = text.slice(end + HEAD_END.length);
    if (rest !== '') this.read(rest, typeof chunk === 'string' ? encoding : 'latin1');
  }
}
