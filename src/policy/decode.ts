/**
 * Bytes of a policy file as text. Strict: what is not UTF-8 is an error with a place, never a replacement character that policy would
 * then be compared with.
 * @source RFC 3629 §4 for the well-formed sequences
 */
import type { Message } from './resource.js';
import { plainMessage } from './source.js';

export type DecodedPolicy = { readonly text: string } | { readonly message: Message };

/**
 * @param file what the finding calls it
 * @returns the text without a byte order mark, or the error `HDL0001` that says where it stops being UTF-8
 * @example decodePolicy('a.yaml', new Uint8Array([0x61])); // => { text: 'a' }
 */
export function decodePolicy(file: string, bytes: Uint8Array): DecodedPolicy {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return wrong(file, bytes, 0, 'the file is UTF-16: save it as UTF-8');
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    const at = firstFault(bytes);
    const byte = (bytes[at] ?? 0).toString(16).padStart(2, '0');
    return wrong(file, bytes, at, `byte 0x${byte} is not UTF-8: save the file as UTF-8`);
  }
}

function wrong(file: string, bytes: Uint8Array, at: number, text: string): DecodedPolicy {
  let line = 1;
  let start = 0;
  for (let index = bytes.indexOf(LINE_FEED); index !== -1 && index < at; ) {
    line += 1;
    start = index + 1;
    index = bytes.indexOf(LINE_FEED, start);
  }
  let column = 1;
  for (let index = start; index < at; index += 1) if (!isContinuation(bytes[index]!)) column += 1;
  return { message: { ...plainMessage(text, file), code: 'HDL0001', line, column } };
}

const LINE_FEED = 0x0a;

/** Offset of the first byte that no well-formed sequence begins or goes on with. */
function firstFault(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return bytes.length;
}

/** 0: there is none at `at`. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  // The second byte is narrower for some: no overlong forms, no surrogates, nothing beyond U+10FFFF.
  const second = bytes[at + 1] ?? 0;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let index = 2; index < length; index += 1) if (!isContinuation(bytes[at + index] ?? 0)) return 0;
  return length;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
