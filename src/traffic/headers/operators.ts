/**
 * Envoy's command operators as far as a process knows the answer.
 * @source Envoy `docs/root/configuration/observability/access_log/usage.rst`, `substitution_formatter.cc`
 */
import type { HeaderFields } from '../../base/headers.js';
import { formatTime } from './format-time.js';

/** What operators may ask about a call. An absent fact makes the operator's text empty. */
export interface HeaderContext {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: HeaderFields;
  readonly protocol?: string;
  /** Milliseconds since the epoch. */
  readonly startedWall?: number;
  /** `address:port` of whoever called. */
  readonly downstreamAddress?: string;
  /** `address:port` of the endpoint. */
  readonly upstreamHost?: string;
  readonly hostname?: string;
}

/** Operators that are known. */
export const HEADER_OPERATORS: readonly string[] = [
  'DOWNSTREAM_REMOTE_ADDRESS',
  'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT',
  'DOWNSTREAM_DIRECT_REMOTE_ADDRESS',
  'DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT',
  'PROTOCOL',
  'REQ',
  'REQ_WITHOUT_QUERY',
  'RESP',
  'START_TIME',
  'UPSTREAM_HOST',
  'UPSTREAM_REMOTE_ADDRESS',
  'UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT',
  'HOSTNAME',
];

/** Operators that ask for the name of a header. */
export const NAMED_OPERATORS: ReadonlySet<string> = new Set(['REQ', 'REQ_WITHOUT_QUERY', 'RESP']);

/** @param fields that are being changed: the request's own, or those of a response */
export function operatorText(
  operator: string,
  args: string,
  context: HeaderContext,
  fields: HeaderFields,
): string {
  switch (operator) {
    case 'REQ':
      return field(args, (name) => requestField(context, name));
    case 'REQ_WITHOUT_QUERY':
      return field(args, (name) => requestField(context, name)).replace(/\?.*$/s, '');
    case 'RESP':
      // Before there is a response nothing can be said of it.
      return fields === context.headers ? '' : field(args, (name) => first(fields, name));
    case 'PROTOCOL':
      return context.protocol ?? 'HTTP/1.1';
    case 'START_TIME':
      return context.startedWall === undefined ? '' : formatTime(context.startedWall, args);
    case 'DOWNSTREAM_REMOTE_ADDRESS':
    case 'DOWNSTREAM_DIRECT_REMOTE_ADDRESS':
      return context.downstreamAddress ?? '';
    case 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
    case 'DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT':
      return withoutPort(context.downstreamAddress);
    case 'UPSTREAM_HOST':
    case 'UPSTREAM_REMOTE_ADDRESS':
      return context.upstreamHost ?? '';
    case 'UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
      return withoutPort(context.upstreamHost);
    default:
      return context.hostname ?? '';
  }
}

/** `[::1]:80` → `::1`. */
function withoutPort(address: string | undefined): string {
  return (address ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** `X?Y`: the first of the two that is there, though it be empty. */
function field(args: string, read: (name: string) => string | undefined): string {
  const [name, otherwise] = args.toLowerCase().split('?');
  return read(name!) ?? (otherwise === undefined ? undefined : read(otherwise)) ?? '';
}

/** Of a repeated field the first value is taken (Envoy). */
function first(fields: HeaderFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' || value === undefined ? value : value[0];
}

function requestField(context: HeaderContext, name: string): string | undefined {
  switch (name) {
    case ':method':
      return context.method;
    case ':path':
      return context.path;
    case ':scheme':
      return context.scheme;
    case ':authority':
    case 'host':
      return context.authority;
    default:
      return first(context.headers, name);
  }
}
