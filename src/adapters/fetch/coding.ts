/** Content codings: what the server did to the body, undone. @source RFC 9110 §8.4 */
import { pipeline, type Readable, type Transform } from 'node:stream';
import { promisify } from 'node:util';
import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzip,
  inflate,
} from 'node:zlib';

const whole = { gzip: promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) };
const streams = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress };
export type Coding = keyof typeof whole;

/** Bounds what a compressed body may grow to when it is read as a whole. */
const MAX_DECODED_BYTES = 512 * 1024 * 1024;
/** Nobody compresses more often but to do harm. */
const MAX_CODINGS = 5;

const NONE: readonly Coding[] = [];

/** In the order in which they are undone. Empty if there are none, or if one of them is unknown: the body stays as it is then. */
export function codingsOf(field: string | undefined): readonly Coding[] {
  if (field === undefined) return NONE;
  const names = field.split(',').map((name) =>
    name
      .trim()
      .toLowerCase()
      .replace(/^x-gzip$/, 'gzip'),
  );
  const known = names.filter((name): name is Coding => Object.hasOwn(whole, name));
  return known.length === names.length && known.length <= MAX_CODINGS ? known.reverse() : NONE;
}

/** @throws whatever zlib says of bytes that are not what they claim to be, or of too many of them */
export async function decodeWhole(bytes: Buffer, codings: readonly Coding[]): Promise<Buffer> {
  let decoded = bytes;
  for (const coding of codings) {
    if (decoded.byteLength > 0)
      decoded = await whole[coding](decoded, { maxOutputLength: MAX_DECODED_BYTES });
  }
  return decoded;
}

/** What is read of the result is decoded; destroying it destroys `raw`. */
export function decodeStream(raw: Readable, codings: readonly Coding[]): Readable {
  if (codings.length === 0) return raw;
  const decoders: Transform[] = codings.map((coding) => streams[coding]());
  // The error is told by the last of them, to whoever reads it.
  return pipeline([raw, ...decoders], () => {}) as unknown as Readable;
}
