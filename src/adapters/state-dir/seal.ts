/**
 * What a file of the state folder looks like: a line that says what it is and whose, a line that seals all of it, and the content. A file
 * that was changed, cut off, half written, renamed, or copied from another workload or folder does not match its seal.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const FORMAT = 1;
/** Of the first line. */
const MAX_HEAD_BYTES = 4_096;
const SEAL = /^[0-9a-f]{64}$/;

const headSchema = z.object({
  format: z.literal(FORMAT, 'it is of another version of Heddle'),
  kind: z.string(),
  subject: z.string(),
  trustDomain: z.string(),
  generation: z.number().int().nonnegative(),
  savedAt: z.number(),
  bytes: z.number().int().nonnegative(),
});

/** What a file is. */
export interface SealedFacts {
  readonly kind: string;
  /** The workload that it belongs to. */
  readonly subject: string;
  /** Empty without an identity. */
  readonly trustDomain: string;
  /** Grows with each save. */
  readonly generation: number;
  /** Milliseconds since the epoch. */
  readonly savedAt: number;
}

/** The two lines before `body`, the second one sealing it. */
export function sealOf(facts: SealedFacts, body: Buffer, key: Buffer): string {
  const head = JSON.stringify({ format: FORMAT, ...facts, bytes: body.length });
  return `${head}\n${hmac(head, body, key)}\n`;
}

/** @throws Error saying why the file is not believed */
export function unseal(file: Buffer, key: Buffer): { readonly facts: SealedFacts; readonly body: Buffer } {
  const headEnd = file.subarray(0, MAX_HEAD_BYTES).indexOf('\n');
  const sealEnd = headEnd + 65;
  if (headEnd < 0 || file[sealEnd] !== 0x0a) throw new Error('it is damaged');
  const head = file.toString('utf8', 0, headEnd);
  const seal = file.toString('latin1', headEnd + 1, sealEnd);
  const body = file.subarray(sealEnd + 1);
  const found = SEAL.test(seal) ? Buffer.from(seal, 'hex') : Buffer.alloc(32);
  if (!timingSafeEqual(found, Buffer.from(hmac(head, body, key), 'hex')))
    throw new Error('it is damaged, was changed, or is from another folder: its seal does not match');
  const { format: _format, bytes, ...facts } = headSchema.parse(JSON.parse(head));
  if (bytes !== body.length) throw new Error('it is cut off');
  return { facts, body };
}

function hmac(head: string, body: Buffer, key: Buffer): string {
  return createHmac('sha256', key).update(head).update('\n').update(body).digest('hex');
}
