/** Messages that are compressed one by one. @source grpc `doc/compression.md` */

import { deflate, gunzip, gzip, inflate } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import type { PartialStatus } from './status.js';

export type Coding = 'identity' | 'deflate' | 'gzip';

/** By the numbers of grpc-js's `grpc.default_compression_algorithm`. */
export function codingOf(algorithm: unknown): Coding {
  if (algorithm === 1) return 'deflate';
  return algorithm === 2 ? 'gzip' : 'identity';
}

export const ACCEPTED = 'identity,deflate,gzip';

/** @param done null: it can not be compressed */
export function compress(
  coding: Coding,
  message: Uint8Array,
  done: (compressed: Buffer | null) => void,
): void {
  (coding === 'gzip' ? gzip : deflate)(message, (error, result) => done(error === null ? result : null));
}

/** @param most bytes that it may have; -1 for no limit */
export function decompress(
  coding: string,
  message: Uint8Array,
  most: number,
  done: (failed: PartialStatus | null, whole: Buffer) => void,
): void {
  if (coding !== 'gzip' && coding !== 'deflate') {
    done(notCompressed(coding), NOTHING);
    return;
  }
  const options = most === -1 ? {} : { maxOutputLength: Math.max(1, most) };
  (coding === 'gzip' ? gunzip : inflate)(message, options, (error, whole) => {
    if (error === null) done(null, whole);
    else done(failureOf(coding, error, most), NOTHING);
  });
}

function notCompressed(coding: string): PartialStatus {
  const details =
    coding === 'identity'
      ? 'Received compressed message but "grpc-encoding" header was identity'
      : `Received message compressed with unsupported compression method ${coding}`;
  return { code: coding === 'identity' ? status.INTERNAL : status.UNIMPLEMENTED, details };
}

function failureOf(coding: string, error: NodeJS.ErrnoException, most: number): PartialStatus {
  if (error.code === 'ERR_BUFFER_TOO_LARGE')
    return {
      code: status.RESOURCE_EXHAUSTED,
      details: `Received message that decompresses to a size larger than ${most}`,
    };
  return { code: status.INTERNAL, details: `Failed to decompress ${coding}-encoded message` };
}

const NOTHING = Buffer.alloc(0);
