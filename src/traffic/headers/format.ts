/**
 * Values with Envoy's command operators, e.g. `%REQ(x-user)%`, parsed once. `%%` is a percent sign.
 * @source Envoy `docs/root/configuration/observability/access_log/usage.rst`, header formatters
 */
import { type HeaderFields, headerValue } from '../../base/headers.js';

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

/** One piece of a value: text as it is, or an operator with its arguments. */
type Piece = string | { readonly operator: string; readonly args: string; readonly length: number };

/** Operators that are known. */
export const HEADER_OPERATORS: readonly string[] = [
  'DOWNSTREAM_REMOTE_ADDRESS',
  'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT',
  'PROTOCOL',
  'REQ',
  'RESP',
  'START_TIME',
  'UPSTREAM_HOST',
  'HOSTNAME',
];

const OPERATOR = /^([A-Z_]+)(?:\(([^)]*)\))?(?::(\d{1,6}))?$/;

export class HeaderFormat {
  /** As it was written. */
  readonly source: string;
  readonly #pieces: readonly Piece[];

  /** @throws RangeError naming what is wrong with `value` */
  constructor(value: string) {
    this.source = value;
    this.#pieces = parsePieces(value);
  }

  /**
   * The text for one call.
   * @param fields that are being changed: the request's own, or those of a response
   */
  format(context: HeaderContext, fields: HeaderFields): string {
    let text = '';
    for (const piece of this.#pieces)
      text +=
        typeof piece === 'string'
          ? piece
          : operatorText(piece.operator, piece.args, context, fields).slice(0, piece.length);
    return text;
  }
}

/** What is wrong with a header's value, or null. */
export function headerValueFault(value: string): string | null {
  if (/[\r\n\0]/.test(value)) return 'it holds a line break or a NUL';
  try {
    parsePieces(value);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function parsePieces(value: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < value.length) {
    const percent = value.indexOf('%', at);
    if (percent < 0) break;
    if (percent > at) pieces.push(value.slice(at, percent));
    const end = value.indexOf('%', percent + 1);
    if (end < 0) throw new RangeError('a % stands alone: write %% for a percent sign');
    const inner = value.slice(percent + 1, end);
    pieces.push(inner === '' ? '%' : parseOperator(inner));
    at = end + 1;
  }
  if (at < value.length) pieces.push(value.slice(at));
  return pieces;
}

function parseOperator(inner: string): Piece {
  const found = OPERATOR.exec(inner);
  if (found === null)
    throw new RangeError(`%${inner}% is not a complete operator: write %NAME%, %NAME(ARGUMENT)% or %%`);
  const operator = found[1]!;
  if (!HEADER_OPERATORS.includes(operator))
    throw new RangeError(
      `%${operator}% is not an operator that Heddle knows (${HEADER_OPERATORS.join(', ')})`,
    );
  const args = found[2] ?? '';
  if ((operator === 'REQ' || operator === 'RESP') && args === '')
    throw new RangeError(`%${operator}% needs the name of a header: %${operator}(NAME)%`);
  return { operator, args, length: found[3] === undefined ? Number.POSITIVE_INFINITY : Number(found[3]) };
}

function operatorText(operator: string, args: string, context: HeaderContext, fields: HeaderFields): string {
  switch (operator) {
    case 'REQ':
      return field(args, (name) => requestField(context, name));
    case 'RESP':
      // Before there is a response nothing can be said of it.
      return fields === context.headers ? '' : field(args, (name) => headerValue(fields, name));
    case 'PROTOCOL':
      return context.protocol ?? 'HTTP/1.1';
    case 'START_TIME':
      return context.startedWall === undefined ? '' : new Date(context.startedWall).toISOString();
    case 'DOWNSTREAM_REMOTE_ADDRESS':
      return context.downstreamAddress ?? '';
    case 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
      return (context.downstreamAddress ?? '').replace(/:\d+$/, '');
    case 'UPSTREAM_HOST':
      return context.upstreamHost ?? '';
    default:
      return context.hostname ?? '';
  }
}

/** `X?Y`: the first of the two that is there. */
function field(args: string, read: (name: string) => string | undefined): string {
  const [name, otherwise] = args.toLowerCase().split('?');
  return read(name!) ?? (otherwise === undefined ? undefined : read(otherwise)) ?? '';
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
      return context.authority;
    default:
      return headerValue(context.headers, name);
  }
}
