import { Buffer } from 'node:buffer';
import type { HeaderFields } from '../base/headers.js';
import type { RequestBody } from '../model/request-body.js';

/** Bytes of a header block in HTTP/1.1's writing, start line not counted; HTTP/2 sends fewer. */
export function fieldBytes(fields: HeaderFields): number {
  let bytes = 0;
  for (const name in fields) {
    const value = fields[name]!;
    if (typeof value === 'string') bytes += name.length + value.length + 4;
    else for (const one of value) bytes += name.length + one.length + 4;
  }
  return bytes;
}

/** Bytes of a request's body; of a stream what `content-length` says, for it is not counted on its way. */
export function bodyBytes(body: RequestBody, fields: HeaderFields): number {
  if (body === null) return 0;
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body instanceof Uint8Array) return body.byteLength;
  const announced = Number(fields['content-length']);
  return Number.isSafeInteger(announced) && announced > 0 ? announced : 0;
}
