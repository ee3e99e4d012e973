/** Request bodies: bytes where they are at hand, sources that can be read again where there is one, streams otherwise. */
import { type RequestBody, StreamBody } from '../../model/request-body.js';

/** Turns of the microtask queue in which a stream over bytes that are at hand gives them; one that waits for anything gives none. */
const AT_HAND_TURNS = 24;
/** What a body may be gathered to. */
const AT_HAND_BYTES = 64 * 1024;

/** A body that can be read as often as anyone likes. */
export class BlobBody extends StreamBody {
  readonly #blob: Blob;

  constructor(blob: Blob) {
    super(NOTHING);
    this.#blob = blob;
  }

  override get replayable(): boolean {
    return true;
  }

  override async *read(): AsyncGenerator<Uint8Array> {
    yield* this.#blob.stream() as unknown as AsyncIterable<Uint8Array>;
  }

  override async cancel(): Promise<void> {}
}

const NOTHING: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};

/** The bytes of strings, buffers and URLSearchParams; undefined: it is none of them. Buffers are copied: their owner may reuse them. */
export function bytesOf(body: unknown): string | Uint8Array | undefined {
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  const isBuffer = body instanceof ArrayBuffer;
  if (!isBuffer && !ArrayBuffer.isView(body)) return undefined;
  // One that was given away has no bytes, and cannot be read. @source Web IDL, get a copy of the bytes held by the buffer source
  if (body.byteLength === 0) return new Uint8Array(0);
  return isBuffer
    ? new Uint8Array(body.slice(0))
    : new Uint8Array(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
}

/**
 * The body of a `Request`. What it was made of is not to be had, so a string comes as a stream too: one that ends at once is taken as bytes, so
 * that it goes out with its length and can be sent again.
 */
export async function streamBodyOf(stream: ReadableStream<Uint8Array>): Promise<RequestBody> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const read = reader.read();
    // Whoever reads on is told of it.
    read.catch(() => {});
    const result = size > AT_HAND_BYTES ? undefined : await atHand(read);
    if (result === undefined) return new StreamBody(rest(chunks, read, reader));
    if (result.done) return Buffer.concat(chunks);
    chunks.push(checked(result.value));
    size += result.value.byteLength;
  }
}

async function atHand<T>(promise: Promise<T>): Promise<T | undefined> {
  let value: T | undefined;
  let settled = false;
  const told = promise.then(
    (result) => {
      value = result;
      settled = true;
    },
    () => {},
  );
  for (let turn = 0; turn < AT_HAND_TURNS && !settled; turn += 1) await null;
  void told;
  return value;
}

async function* rest(
  chunks: readonly Uint8Array[],
  first: ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
    for (let next = await first; !next.done; next = await reader.read()) yield checked(next.value);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** @throws TypeError as the standard has it for a chunk that is no bytes */
function checked(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError('Received non-Uint8Array chunk');
}
