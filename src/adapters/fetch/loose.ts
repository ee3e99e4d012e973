/** Header fields and bodies in the forms that undici's own clients take: `mesh.request` and `mesh.dispatcher`. */
import { appendField, emptyFields, type HeaderFields } from '../../base/headers.js';
import { type RequestBody, StreamBody } from '../../model/request-body.js';
import { CONNECTION_FIELDS } from './fields.js';

/** Any of the forms in which clients give header fields. */
export function toFields(init: unknown): HeaderFields {
  const fields = emptyFields();
  const add = (name: unknown, value: unknown) => {
    const field = String(name).toLowerCase();
    if (value !== undefined && value !== null && !CONNECTION_FIELDS.has(field)) {
      appendField(fields, field, String(value));
    }
  };
  if (init === undefined || init === null) return fields;
  if (Array.isArray(init) && typeof init[0] === 'string') {
    for (let i = 0; i + 1 < init.length; i += 2) add(init[i], init[i + 1]);
  } else if (typeof (init as Iterable<unknown>)[Symbol.iterator] === 'function') {
    for (const [name, value] of init as Iterable<[unknown, unknown]>) add(name, value);
  } else {
    const record = init as Record<string, unknown>;
    for (const name of Object.keys(record)) {
      const value = record[name];
      if (Array.isArray(value)) for (const one of value) add(name, one);
      else add(name, value);
    }
  }
  return fields;
}

/** Bytes where they are at hand; a stream where they are not. Sets the content type where the body's kind says it. */
export function toBody(body: unknown, headers: HeaderFields): RequestBody {
  if (body === null || body === undefined) return null;
  if (typeof body === 'string') {
    headers['content-type'] ??= 'text/plain;charset=UTF-8';
    return body;
  }
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof URLSearchParams) {
    headers['content-type'] ??= 'application/x-www-form-urlencoded;charset=UTF-8';
    return body.toString();
  }
  if (body instanceof FormData || body instanceof Blob) {
    const extracted = new Response(body);
    const type = extracted.headers.get('content-type');
    if (type !== null) headers['content-type'] ??= type;
    return new StreamBody(extracted.body as unknown as AsyncIterable<Uint8Array>);
  }
  if (typeof (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator] === 'function') {
    return new StreamBody(body as AsyncIterable<Uint8Array>);
  }
  const text = String(body);
  headers['content-type'] ??= 'text/plain;charset=UTF-8';
  return text;
}
