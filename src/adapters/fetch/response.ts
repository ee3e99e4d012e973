/**
 * A `Response` made lazily: a real one costs as much as the whole call. Its prototype chain ends in `Response.prototype`, so
 * that `instanceof Response` holds, and every member is overridden.
 */
import { Readable } from 'node:stream';
import { headerValue } from '../../base/headers.js';
import type { Call } from '../../model/call.js';
import type { Responded } from '../../model/outcome.js';
import { BodyStream, collect } from '../body.js';
import { codingsOf, decodeStream, decodeWhole } from './coding.js';

/** Bytes that a body read as a web stream may hold back. */
const HIGH_WATER_BYTES = 64 * 1024;

/** Responses that have no body, whatever their fields say (RFC 9110 §6.4.1). */
const NULL_BODY = new Set([204, 205, 304]);

export class MeshResponse {
  readonly #call: Call;
  readonly #responded: Responded;
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly type = 'basic';
  #headers: Headers | null = null;
  #stream: globalThis.ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #used = false;

  constructor(call: Call, responded: Responded, url: string, redirected: boolean) {
    this.#call = call;
    this.#responded = responded;
    this.status = responded.status;
    this.statusText = responded.statusText;
    this.url = url;
    this.redirected = redirected;
    // Nobody reads what is not there: give the connection back at once.
    if (this.#isNull) responded.body.attach({ onData: () => true, onEnd() {}, onError() {} });
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get headers(): Headers {
    if (this.#headers !== null) return this.#headers;
    const headers = new Headers();
    for (const [name, value] of Object.entries(this.#responded.headers)) {
      if (typeof value === 'string') headers.append(name, value);
      else for (const one of value) headers.append(name, one);
    }
    this.#headers = headers;
    return headers;
  }

  get bodyUsed(): boolean {
    return (
      this.#used ||
      (this.#stream !== null && (this.#stream.locked || Readable.isDisturbed(this.#stream as never)))
    );
  }

  get body(): globalThis.ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (this.#isNull) return null;
    this.#stream ??= this.#open();
    return this.#stream;
  }

  async text(): Promise<string> {
    const bytes = await this.#bytes();
    // A leading byte order mark is not part of the text (Encoding standard, UTF-8 decode).
    return bytes[0] === 0xef ? new TextDecoder().decode(bytes) : bytes.toString('utf8');
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.#bytes();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.arrayBuffer());
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.arrayBuffer()], { type: this.headers.get('content-type') ?? '' });
  }

  async formData(): Promise<FormData> {
    return new Response(await this.arrayBuffer(), { headers: this.headers }).formData();
  }

  /** A true WHATWG Response with the same body, for code that needs one. */
  toResponse(): Response {
    const { status, statusText, headers } = this;
    const body = this.body;
    this.#used = true;
    return new Response(body, { status, statusText, headers });
  }

  clone(): Response {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    const { status, statusText, headers, body, url, redirected } = this;
    const [mine, theirs] = body === null ? [null, null] : body.tee();
    this.#stream = mine;
    const copy = new Response(theirs, { status, statusText, headers });
    return Object.defineProperties(copy, { url: { value: url }, redirected: { value: redirected } });
  }

  get #isNull(): boolean {
    return NULL_BODY.has(this.status) || this.#call.method === 'HEAD';
  }

  get #codings() {
    return codingsOf(headerValue(this.#responded.headers, 'content-encoding'));
  }

  async #bytes(): Promise<Buffer> {
    if (this.bodyUsed) throw new TypeError('Body is unusable: Body has already been read');
    this.#used = true;
    if (this.#isNull) return Buffer.alloc(0);
    if (this.#stream !== null) return Buffer.from(await new Response(this.#stream).arrayBuffer());
    const bytes = await collect(this.#call, this.#responded.body);
    const codings = this.#codings;
    if (codings.length === 0) return bytes;
    try {
      return await decodeWhole(bytes, codings);
    } catch (cause) {
      throw new TypeError('terminated', { cause });
    }
  }

  #open(): globalThis.ReadableStream<Uint8Array<ArrayBuffer>> {
    const stream = decodeStream(new BodyStream(this.#call, this.#responded.body), this.#codings);
    // Counted in bytes: by default each chunk counts as one, and thousands of them would wait for a slow reader.
    const strategy = new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_BYTES });
    return Readable.toWeb(stream, { strategy }) as never;
  }
}

Object.setPrototypeOf(MeshResponse.prototype, Response.prototype);
