/** `mesh.request`: undici's `request` over the mesh. */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { MeshError } from '../../base/errors.js';
import type { Call } from '../../model/call.js';
import type { Responded } from '../../model/outcome.js';
import type { ResponseBody } from '../../model/response-body.js';
import { type Outbound, runCall } from '../../outbound/call.js';
import { responseOf } from '../../outbound/surface.js';
import { BodyStream, collect } from '../body.js';
import { asArrayBuffer, asBytes } from '../fetch/body-kinds.js';
import { toBody, toFields } from '../fetch/request.js';
import { type Target, Targets } from '../fetch/target.js';

/** undici's options that mean something in a mesh; who is called, and how, is policy's business. */
export interface RequestOptions {
  /** @default 'GET' */
  readonly method?: string;
  readonly headers?: Dispatcher.DispatchOptions['headers'];
  readonly body?: Dispatcher.DispatchOptions['body'];
  /** Added to the URL's query. */
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly signal?: AbortSignal | null;
  /** Milliseconds for the whole call. */
  readonly timeoutMs?: number;
}

export interface RequestResult {
  readonly statusCode: number;
  readonly statusText: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: RequestBody;
}

/** A Node stream with undici's body mixin. */
export type RequestBody = Readable & {
  text(): Promise<string>;
  json(): Promise<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array>;
  /** Reads and throws away, so that the connection can be used again. */
  dump(): Promise<void>;
};

export type MeshRequest = (url: string | URL, options?: RequestOptions) => Promise<RequestResult>;

export function requestOver(outbound: Outbound): MeshRequest {
  const targets = new Targets();
  return async (input, { method, headers: given, body, query, signal, timeoutMs } = NO_OPTIONS) => {
    const known = query ? null : targets.read(input);
    const { scheme, authority, path } = known ?? parse(input, query ?? {});
    const headers = toFields(given);
    const call = outbound.begin({
      method: method === undefined ? 'GET' : method.toUpperCase(),
      scheme,
      authority,
      path,
      headers,
      // undici guesses no content type from a string; neither do we.
      body: typeof body === 'string' ? body : toBody(body, headers),
      signal,
      timeoutMs,
    });
    const responded = responseOf(call, await runCall(outbound, call));
    return new Result(responded, new MixinBody(call, responded.body));
  };
}

const NO_OPTIONS: RequestOptions = {};

/** A class, as `Arrived` is one, and for its reason. */
class Result implements RequestResult {
  readonly statusCode: number;
  readonly statusText: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: RequestBody;

  constructor({ status, statusText, headers }: Responded, body: RequestBody) {
    this.statusCode = status;
    this.statusText = statusText;
    this.headers = headers;
    this.body = body;
  }
}

/** @throws TypeError if it is no URL, MeshError if it is not HTTP's */
function parse(
  input: string | URL,
  query: NonNullable<RequestOptions['query']>,
): Pick<Target, 'scheme' | 'authority' | 'path'> {
  const url = new URL(input);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new MeshError(`${url.protocol} is not a scheme that the mesh carries: use http: or https:`, {
      code: 'HEDDLE_INVALID_ARGUMENT',
    });
  for (const name of Object.keys(query)) url.searchParams.append(name, String(query[name]));
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  return { scheme, authority: url.host, path: `${url.pathname}${url.search}` };
}

/** Reads the whole body without going through the stream, unless the stream was begun. */
class MixinBody extends BodyStream {
  readonly #call: Call;
  readonly #source: ResponseBody;
  #used = false;

  constructor(call: Call, source: ResponseBody) {
    super(call, source);
    this.#call = call;
    this.#source = source;
  }

  get bodyUsed(): boolean {
    return this.#used || this.readableDidRead;
  }

  text(): Promise<string> {
    return this.#whole(asText);
  }

  json(): Promise<unknown> {
    return this.#whole(asJson);
  }

  bytes(): Promise<Uint8Array> {
    return this.#whole(asBytes);
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#whole(asArrayBuffer);
  }

  dump(): Promise<void> {
    return this.#whole(asNothing);
  }

  #whole<T>(convert: (bytes: Buffer) => T): Promise<T> {
    if (this.bodyUsed) return Promise.reject(new TypeError('Body is unusable: Body has already been read'));
    this.#used = true;
    return collect(this.#call, this.#source, convert);
  }
}

const asText = (bytes: Buffer): string => bytes.toString('utf8');
const asJson = (bytes: Buffer): unknown => JSON.parse(asText(bytes));
const asNothing = (): void => {};
