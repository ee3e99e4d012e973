/** `mesh.request`: undici's `request` over the mesh. */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { MeshError } from '../../base/errors.js';
import type { Call } from '../../model/call.js';
import type { ResponseBody } from '../../model/response-body.js';
import { type Outbound, runCall } from '../../outbound/call.js';
import { responseOf } from '../../outbound/surface.js';
import { BodyStream, collect } from '../body.js';
import { toBody, toFields } from '../fetch/request.js';

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
  return async (input, options = {}) => {
    const url = new URL(input);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new MeshError(`${url.protocol} is not a scheme that the mesh carries: use http: or https:`, {
        code: 'HEDDLE_INVALID_ARGUMENT',
      });
    }
    const { query } = options;
    if (query) for (const name of Object.keys(query)) url.searchParams.append(name, String(query[name]));
    const headers = toFields(options.headers);
    const call = outbound.begin({
      method: (options.method ?? 'GET').toUpperCase(),
      scheme: url.protocol === 'https:' ? 'https' : 'http',
      authority: url.host,
      path: `${url.pathname}${url.search}`,
      headers,
      // undici guesses no content type from a string; neither do we.
      body: typeof options.body === 'string' ? options.body : toBody(options.body, headers),
      signal: options.signal,
      timeoutMs: options.timeoutMs,
    });
    const responded = responseOf(call, await runCall(outbound, call));
    return {
      statusCode: responded.status,
      statusText: responded.statusText,
      headers: responded.headers,
      body: new MixinBody(call, responded.body),
    };
  };
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

  async text(): Promise<string> {
    return (await this.#whole()).toString('utf8');
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.arrayBuffer());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.#whole();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  }

  async dump(): Promise<void> {
    await this.#whole();
  }

  #whole(): Promise<Buffer> {
    if (this.bodyUsed) return Promise.reject(new TypeError('Body is unusable: Body has already been read'));
    this.#used = true;
    return collect(this.#call, this.#source);
  }
}
