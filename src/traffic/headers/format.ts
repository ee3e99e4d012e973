/**
 * Values with Envoy's command operators, e.g. `%REQ(x-user)%`, parsed once. `%%` is a percent sign.
 * @source Envoy `substitution_formatter.cc`; Istio `header_value_validator.go` (what is a complete operator)
 */
import type { HeaderFields } from '../../base/headers.js';
import { timeFormatFault } from './format-time.js';
import { HEADER_OPERATORS, type HeaderContext, NAMED_OPERATORS, operatorText } from './operators.js';
import { breaksLine, safeFieldText } from './safe-text.js';

export { HEADER_OPERATORS, type HeaderContext } from './operators.js';

/** One piece of a value: text as it is, or an operator with its arguments. */
type Piece = string | { readonly operator: string; readonly args: string; readonly length: number };

/** From behind the first percent sign to the last. Arguments may hold percent signs: those of a time's format. */
const OPERATOR = /([A-Z_]+)(?:\(([^)]*)\) *)?(?::(\d{1,6}))?%/y;

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
   * The text for one call. What callers sent cannot end the header's line: control characters in it become spaces.
   * @param fields that are being changed: the request's own, or those of a response
   */
  format(context: HeaderContext, fields: HeaderFields): string {
    let text = '';
    for (const piece of this.#pieces)
      text +=
        typeof piece === 'string'
          ? piece
          : safeFieldText(operatorText(piece.operator, piece.args, context, fields).slice(0, piece.length));
    return text;
  }
}

/** What is wrong with a header's value, or null. */
export function headerValueFault(value: string): string | null {
  if (breaksLine(value)) return 'it holds a line break or a NUL';
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
    if (value[percent + 1] === '%') {
      pieces.push('%');
      at = percent + 2;
      continue;
    }
    OPERATOR.lastIndex = percent + 1;
    const found = OPERATOR.exec(value);
    if (found === null) throw incomplete(value, percent);
    pieces.push(operatorPiece(found));
    at = OPERATOR.lastIndex;
  }
  if (at < value.length) pieces.push(value.slice(at));
  return pieces;
}

function incomplete(value: string, percent: number): RangeError {
  const end = value.indexOf('%', percent + 1);
  if (end < 0) return new RangeError('a % stands alone: write %% for a percent sign');
  const inner = value.slice(percent, end + 1);
  return new RangeError(`${inner} is not a complete operator: write %NAME%, %NAME(ARGUMENT)% or %%`);
}

function operatorPiece(found: RegExpExecArray): Piece {
  const operator = found[1]!;
  const args = found[2] ?? '';
  if (!HEADER_OPERATORS.includes(operator))
    throw new RangeError(
      `%${operator}% is not an operator that Heddle knows (${HEADER_OPERATORS.join(', ')})`,
    );
  if (NAMED_OPERATORS.has(operator) && args === '')
    throw new RangeError(`%${operator}% needs the name of a header: %${operator}(NAME)%`);
  const fault = operator === 'START_TIME' ? timeFormatFault(args) : null;
  if (fault !== null) throw new RangeError(`%START_TIME(${args})%: ${fault}`);
  return { operator, args, length: found[3] === undefined ? Number.POSITIVE_INFINITY : Number(found[3]) };
}
