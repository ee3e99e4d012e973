/**
 * A `Response` made lazily: a real one costs as much as the whole call. Its prototype chain ends in `Response.prototype`, so
 * that `instanceof Response` holds, and every member is overridden.
 */
import { Readable } from 'node:stream';
import { headerValue } from '../../base/headers.js';
import type { Call } from '../../model/call.js';
import type { Responded } from '../../model/outcome.js';
import type { BodySink } from '../../model/response-body.js';
import { asArrayBuffer, asBytes, asJson, asText } from './body-kinds.js';
import { codingsOf, decodeWhole } from './coding.js';
import { DecodedBody } from './decoded-body.js';
import { brokenOff, undecodable } from './errors.js';
import type { FetchRequest } from './request.js';
import { responseHeaders } from './response-headers.js';
import { dropWhenForgotten } from './unread.js';
import { type ByteStream, takenStream, webBody } from './web-body.js';
import { type Live, readWhole } from './whole-body.js';

/** What a response is made of. A class, as `Arrived` is one, and for its reason. */
export class Made implements Live {
  readonly call: Call;
  readonly responded: Responded;
  readonly signal: AbortSignal | null;
  /** Without its fragment. */
  readonly url: string;
  readonly redirected: boolean;
  /** `cors` after a redirect to another origin. */
  readonly type: 'basic' | 'cors';

  constructor(
    call: Call,
    responded: Responded,
    { target, signal }: FetchRequest,
    followed: number,
    type: 'basic' | 'cors',
  ) {
    this.call = call;
    this.responded = responded;
    this.signal = signal;
    this.url = target.href;
    this.redirected = followed > 0;
    this.type = type;
  }
}

/** Responses that have no body, whatever their fields say (RFC 9110 §6.4.1). */
const NULL_BODY = new Set([204, 205, 304]);
const NOBODY: BodySink = { onData: () => true, onEnd() {}, onError() {} };
const EMPTY = Buffer.alloc(0);

export class MeshResponse {
  readonly #made: Made;
  readonly #isNull: boolean;
  #headers: Headers | null = null;
  /** Once somebody asked for it, all reading goes through it. */
  #stream: ByteStream | null = null;
  #used = false;

  constructor(made: Made) {
    this.#made = made;
    this.#isNull = NULL_BODY.has(made.responded.status) || made.call.method === 'HEAD';
  }

  /** Nobody reads what is not there: gives the connection back at once. And what will never be read: when that is sure. */
  settle(): this {
    const { body } = this.#made.responded;
    if (this.#isNull) body.attach(NOBODY);
    else dropWhenForgotten(this, body);
    return this;
  }

  /** The same response with this body in place of its own. */
  withBody(stream: ByteStream | null): MeshResponse {
    const copy = new MeshResponse(this.#made);
    copy.#stream = stream;
    return copy;
  }

  get status(): number {
    return this.#made.responded.status;
  }

  get statusText(): string {
    return this.#made.responded.statusText;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get url(): string {
    return this.#made.url;
  }

  get redirected(): boolean {
    return this.#made.redirected;
  }

  get type(): 'basic' | 'cors' {
    return this.#made.type;
  }

  get headers(): Headers {
    this.#headers ??= responseHeaders(this.#made.responded.headers);
    return this.#headers;
  }

  get bodyUsed(): boolean {
    return this.#used || (this.#stream !== null && Readable.isDisturbed(this.#stream as never));
  }

  get body(): ByteStream | null {
    if (this.#isNull) return null;
    this.#stream ??= this.#used ? takenStream() : this.#open();
    return this.#stream;
  }

  text(): Promise<string> {
    return this.#read(asText);
  }

  json(): Promise<unknown> {
    return this.#read(asJson);
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#read(asArrayBuffer);
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read(asBytes);
  }

  blob(): Promise<Blob> {
    return this.#read((bytes) => this.#platform(bytes).blob());
  }

  formData(): Promise<FormData> {
    return this.#read((bytes) => this.#platform(bytes).formData());
  }

  clone(): Response {
    if (this.bodyUsed || this.#stream?.locked)
      throw new TypeError('Response.clone: Body has already been consumed.');
    const { body } = this;
    const [mine, theirs] = body === null ? [null, null] : body.tee();
    this.#stream = mine as ByteStream | null;
    return this.withBody(theirs as ByteStream | null) as unknown as Response;
  }

  /** A true WHATWG Response with the same body, for code that needs one. */
  toResponse(): Response {
    const { status, statusText, headers, body } = this;
    this.#used = true;
    return new Response(body, { status, statusText, headers });
  }

  /** Two kinds that the platform makes: they depend on the content type. */
  #platform(bytes: Buffer): Response {
    const type = this.headers.get('content-type');
    const headers: Record<string, string> = type === null ? {} : { 'content-type': type };
    return new Response(this.#isNull ? null : asBytes(bytes), { headers });
  }

  get #codings(): readonly string[] {
    return codingsOf(headerValue(this.#made.responded.headers, 'content-encoding'));
  }

  #read<T>(convert: (bytes: Buffer) => T | Promise<T>): Promise<T> {
    if (this.#stream !== null || this.#isNull || this.#used) return this.#readSlowly(convert);
    this.#used = true;
    const codings = this.#codings;
    return codings.length === 0 ? readWhole(this.#made, convert) : this.#decode(codings, convert);
  }

  async #readSlowly<T>(convert: (bytes: Buffer) => T | Promise<T>): Promise<T> {
    const { signal } = this.#made;
    if (this.#used && signal?.aborted) throw signal.reason;
    if (this.bodyUsed || this.#stream?.locked)
      throw new TypeError('Body is unusable: Body has already been read');
    if (this.#isNull) return convert(EMPTY);
    this.#used = true;
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#stream as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return convert(Buffer.concat(chunks));
  }

  async #decode<T>(codings: readonly string[], convert: (bytes: Buffer) => T | Promise<T>): Promise<T> {
    const bytes = await readWhole(this.#made, (all) => all);
    let decoded: Buffer;
    try {
      decoded = await decodeWhole(bytes, codings);
    } catch (error) {
      throw undecodable(this.#made.call, error as Error);
    }
    this.#made.signal?.throwIfAborted();
    return convert(decoded);
  }

  #open(): ByteStream {
    const { call, responded, signal } = this.#made;
    const codings = this.#codings;
    // Through `seenAs` the stream holds this response: while one of them is held, the body may be read.
    return codings.length === 0
      ? webBody(responded.body, (error) => brokenOff(this.#made.call, error), signal)
      : webBody(
          new DecodedBody(call, responded.body, codings),
          (error) => undecodable(this.#made.call, error),
          signal,
        );
  }
}

Object.setPrototypeOf(MeshResponse.prototype, Response.prototype);
// What a Response says of itself.
Object.defineProperty(MeshResponse.prototype, 'constructor', { value: Response });
