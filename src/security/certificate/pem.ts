import { malformed } from './der.js';

/** PEM: Base64 between two lines. @source RFC 7468 */

export function toPem(label: string, der: Uint8Array): string {
  const text = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64');
  const lines = text.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** Largest text that is looked through for certificates: 1 MiB. */
const MAX_PEM_BYTES = 1024 * 1024;
/** Most certificates of one text: a bundle has a handful, a system's root store some 150. */
const MAX_BLOCKS = 512;

/**
 * All blocks with `label` in `text`, each as PEM of its own, in order. Text around them is left out; blocks with other labels
 * are passed over.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if there is too much
 */
export function splitPem(label: string, text: string): string[] {
  if (text.length > MAX_PEM_BYTES)
    throw malformed('the PEM text', `it is longer than ${MAX_PEM_BYTES} bytes`);
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const found: string[] = [];
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const stop = text.indexOf(end, at + begin.length);
    if (stop < 0) throw malformed('the PEM text', 'a block has no end');
    const base64 = text.slice(at + begin.length, stop).replace(/\s+/g, '');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw malformed('the PEM text', 'a block is not Base64');
    if (found.length >= MAX_BLOCKS) throw malformed('the PEM text', `it has more than ${MAX_BLOCKS} blocks`);
    found.push(toPem(label, Buffer.from(base64, 'base64')));
    at = stop + end.length;
  }
  return found;
}

/** The bytes of the one block in `pem`. @throws MeshError `HEDDLE_INVALID_ARGUMENT` */
export function fromPem(label: string, pem: string): Buffer {
  const [only, more] = splitPem(label, pem);
  if (only === undefined || more !== undefined) {
    throw malformed('the PEM text', `it does not hold exactly one ${label}`);
  }
  return Buffer.from(only.split('\n').slice(1, -2).join(''), 'base64');
}
