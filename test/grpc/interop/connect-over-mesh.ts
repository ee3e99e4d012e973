/**
 * ConnectRPC's transports over a mesh: the function that they make requests with. With it each call is routed, balanced and retried by
 * policy, as every call of the mesh is; a session of their own to one address (`nodeOptions`, `sessionManager`) would not be.
 * @example createTransport({ httpClient: connectOver(mesh), baseUrl: 'http://reviews:9080', … })
 */
import { Code, ConnectError } from '@connectrpc/connect';
import type {
  UniversalClientFn,
  UniversalClientRequest,
  UniversalClientResponse,
} from '@connectrpc/connect/protocol';
import { isMeshError, type Mesh } from 'heddle';

export function connectOver(mesh: Mesh): UniversalClientFn {
  return (request) => new Promise((resolve, reject) => begin(mesh, request, resolve, reject));
}

function begin(
  mesh: Mesh,
  { url, method, header, body, signal }: UniversalClientRequest,
  resolve: (response: UniversalClientResponse) => void,
  reject: (error: unknown) => void,
): void {
  const { host, pathname, search } = new URL(url);
  if (signal?.aborted) {
    reject(signal.reason);
    return;
  }
  const trailer = new Headers();
  const arrived = new Chunks(() => call.resume());
  const broke = (error: unknown) => {
    reject(error);
    arrived.fail(error);
  };
  const headers = Object.fromEntries(header);
  const start = {
    method,
    authority: host,
    path: pathname + search,
    headers,
    ...(body && { body: 'written' as const }),
  };
  const call = mesh.calls.start(start, {
    onHead: (status, head) => resolve({ status, header: headersOf(head), body: arrived, trailer }),
    onData: (chunk) => arrived.add(chunk),
    onEnd(fields) {
      for (const [name, value] of headersOf(fields ?? {})) trailer.append(name, value);
      arrived.end();
    },
    onError: (error) => broke(connectErrorOf(error)),
  });
  signal?.addEventListener('abort', () => {
    call.cancel(signal.reason);
    broke(signal.reason);
  });
  if (body !== undefined) void write(body, call, signal);
}

async function write(
  body: AsyncIterable<Uint8Array>,
  call: ReturnType<Mesh['calls']['start']>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    for await (const chunk of body) {
      if (signal?.aborted) return;
      await new Promise<void>((taken) => call.write(chunk, taken));
    }
    call.end();
  } catch (error) {
    call.cancel(error as Error);
  }
}

/** What has come and nobody has read yet: more than a little of it makes the call pause. */
class Chunks implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  readonly #resume: () => void;
  #end: { readonly error?: unknown } | null = null;
  #wake = () => {};

  constructor(resume: () => void) {
    this.#resume = resume;
  }

  /** @returns is there room for more? */
  add(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    this.#wake();
    return this.#chunks.length < 16;
  }

  end(): void {
    this.#end ??= {};
    this.#wake();
  }

  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        if (this.#chunks.length === 0) this.#resume();
        yield chunk;
      } else if (this.#end === null) {
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      } else if ('error' in this.#end) throw this.#end.error;
      else return;
    }
  }
}

function headersOf(fields: Readonly<Record<string, string | readonly string[] | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields))
    for (const one of [value ?? []].flat()) headers.append(name, one);
  return headers;
}

function connectErrorOf(error: unknown): unknown {
  if (!isMeshError(error)) return error;
  const code = isMeshError(error, 'HEDDLE_DEADLINE_EXCEEDED') ? Code.DeadlineExceeded : Code.Unavailable;
  return new ConnectError(error.message, code, undefined, undefined, error);
}
