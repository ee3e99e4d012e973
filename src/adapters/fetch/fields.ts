/** Header fields of a request, read and checked as the fetch API does. */
import { emptyFields, type HeaderFields } from '../../base/headers.js';

/** Fields that belong to the connection, which is the transport's business. @source RFC 9110 §7.6.1 */
export const CONNECTION_FIELDS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Those, and the name of the server, which is the URL's business. @source Fetch standard, forbidden request-headers */
const FORBIDDEN = new Set([...CONNECTION_FIELDS, 'host']);

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Nothing to trim, nothing to refuse. */
const PLAIN_VALUE = /^(?![ \t])[\t\x20-\x7e\x80-\xff]*(?<![ \t])$/;

/** The fields of a plain record of plain strings; null for anything else, which is for {@link fieldsOf}. */
export function plainFields(init: object): HeaderFields | null {
  const prototype = Object.getPrototypeOf(init);
  if (prototype !== Object.prototype && prototype !== null) return null;
  const fields = emptyFields();
  for (const name of Object.keys(init)) {
    const value: unknown = (init as Record<string, unknown>)[name];
    if (typeof value !== 'string' || !NAME.test(name) || !PLAIN_VALUE.test(value)) return null;
    const field = name.toLowerCase();
    if (field in fields) return null;
    if (!FORBIDDEN.has(field)) fields[field] = value;
  }
  return Object.getOwnPropertySymbols(init).length === 0 ? fields : null;
}

/** The platform has checked, joined and sorted them. */
export function fieldsOf(headers: Headers): HeaderFields {
  const fields = emptyFields();
  for (const [name, value] of headers) {
    if (FORBIDDEN.has(name)) continue;
    if (name === 'set-cookie') fields[name] = headers.getSetCookie();
    else fields[name] = value;
  }
  return fields;
}

/** What `fetch` sends where the caller says nothing. A part of a coded body can not be decoded, so none is asked for. */
export function addDefaults(fields: HeaderFields): void {
  fields.accept ??= '*/*';
  fields['accept-language'] ??= '*';
  fields['sec-fetch-mode'] ??= 'cors';
  fields['user-agent'] ??= 'node';
  fields['accept-encoding'] ??= fields.range === undefined ? 'gzip, deflate, br' : 'identity';
}
