/** Content codings: what the server did to the body, undone. @source RFC 9110 §8.4 */
import { type Duplex, pipeline, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { Inflate, isZlib } from './inflate.js';

type Whole = (bytes: Uint8Array, options: zlib.ZlibOptions) => Promise<Buffer>;

interface Decoder {
  readonly stream: () => Duplex;
  readonly whole: Whole;
}

const { BROTLI_OPERATION_FLUSH, Z_SYNC_FLUSH } = zlib.constants;
/** As browsers do: a body whose coding breaks off gives what there is. */
const LENIENT = { flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH };
const LENIENT_BROTLI = { flush: BROTLI_OPERATION_FLUSH, finishFlush: BROTLI_OPERATION_FLUSH };

const gunzip: Whole = promisify(zlib.gunzip);
const inflate: Whole = promisify(zlib.inflate);
const inflateRaw: Whole = promisify(zlib.inflateRaw);
const brotli: Whole = promisify(zlib.brotliDecompress);
const gzip: Decoder = {
  stream: () => zlib.createGunzip(LENIENT),
  whole: (bytes, options) => gunzip(bytes, { ...LENIENT, ...options }),
};
const decoders: Record<string, Decoder> = {
  gzip,
  'x-gzip': gzip,
  deflate: {
    stream: () => new Inflate(LENIENT),
    whole: (bytes, options) => (isZlib(bytes) ? inflate : inflateRaw)(bytes, { ...LENIENT, ...options }),
  },
  br: {
    stream: () => zlib.createBrotliDecompress(LENIENT_BROTLI),
    whole: (bytes, options) => brotli(bytes, { ...LENIENT_BROTLI, ...options }),
  },
};

/** Node 22.15 and later have it. */
const { createZstdDecompress, zstdDecompress } = zlib as {
  createZstdDecompress?: () => Duplex;
  zstdDecompress?: typeof zlib.gunzip;
};
if (createZstdDecompress !== undefined && zstdDecompress !== undefined) {
  decoders.zstd = { stream: createZstdDecompress, whole: promisify(zstdDecompress) };
}

/** Bounds what a compressed body may grow to when it is read as a whole. */
const MAX_DECODED_BYTES = 512 * 1024 * 1024;
/** Nobody compresses more often but to do harm. */
const MAX_CODINGS = 5;
const NONE: readonly string[] = [];

export function tooMany(field: string | string[]): boolean {
  return String(field).split(',').length > MAX_CODINGS;
}

/** In the order in which they are undone. Empty if there are none, or if one of them is unknown: the body stays as it is then. */
export function codingsOf(field: string | undefined): readonly string[] {
  if (field === undefined) return NONE;
  const names = field
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  return names.every((name) => Object.hasOwn(decoders, name)) ? names.reverse() : NONE;
}

/** @throws whatever zlib says of bytes that are not what they claim to be, or of too many of them */
export async function decodeWhole(bytes: Buffer, codings: readonly string[]): Promise<Buffer> {
  let decoded = bytes;
  for (const coding of codings) {
    if (decoded.byteLength > 0)
      decoded = await decoders[coding]!.whole(decoded, { maxOutputLength: MAX_DECODED_BYTES });
  }
  return decoded;
}

/** What is read of the result is decoded; destroying it destroys `raw`. */
export function decodeStream(raw: Readable, codings: readonly string[]): Readable {
  if (codings.length === 0) return raw;
  // The error is told by the last of them, to whoever reads it.
  const all = [raw, ...codings.map((coding) => decoders[coding]!.stream())];
  return pipeline(all, () => {}) as unknown as Readable;
}
