/** The header fields of a response, which nobody may change. */
import type { HeaderFields } from '../../base/headers.js';

class ResponseHeaders extends Headers {}

const { append } = Headers.prototype;

const refuse = (method: string) => ({
  value() {
    throw new TypeError(`Headers.${method}: immutable`);
  },
});

Object.defineProperties(ResponseHeaders.prototype, {
  append: refuse('append'),
  set: refuse('set'),
  delete: refuse('delete'),
  constructor: { value: Headers },
});

export function responseHeaders(fields: HeaderFields): Headers {
  const headers = new ResponseHeaders();
  for (const name in fields) {
    const value = fields[name]!;
    if (typeof value === 'string') append.call(headers, name, value);
    else for (const one of value) append.call(headers, name, one);
  }
  return headers;
}
