/**
 * Expressions of policy about a call or an exchange, in CEL: which lines are logged, what a label says. What the names in them mean is
 * known when a call is there. Pure.
 * @source cel-spec `doc/langdef.md`; Envoy `docs/root/intro/arch_overview/advanced/attributes.rst`
 */
import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import { guessSize, longestSubject } from '../base/regex-size.js';
import { ATTRIBUTES } from './attribute-names.js';

/** A choice of this library: expressions that people write are far shorter. */
const MAX_CHARACTERS = 4_096;
/** As everywhere in policy. @source `traffic/route/regex.ts` */
const MAX_PATTERN = 1_024;
const MAX_PROGRAM = 5_000;
/** Patterns are written by people, into expressions: there are few of them. */
const MAX_PATTERNS = 32;

/** Values by name: texts, bigints for whole numbers, booleans, instants, maps. What is absent or undefined is not known. */
export type ExpressionFacts = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

/** A compiled expression. */
export interface Expression {
  /** As it was written. */
  readonly source: string;
  /** Does it say true? An error, e.g. about something that is not known, is no. Never throws. */
  holds(facts: ExpressionFacts): boolean;
  /** What it says, as text; undefined for an error and for what has no text. Never throws. */
  text(facts: ExpressionFacts): string | undefined;
}

/** What is wrong with `source`, or null. Only its grammar is looked at. */
export function expressionFault(source: string): string | null {
  try {
    parsed(source);
    return null;
  } catch (error) {
    // The lines after the first one draw the place.
    return error instanceof Error ? error.message.split('\n', 1)[0]! : String(error);
  }
}

/**
 * What would do its work over and over, or null. A few nested ones hold the process for minutes, or fill its memory; and one alone over
 * a list that a caller sends, with a text to look through for each of its members, for a second. Envoy has none of them either.
 * @source Envoy `source/extensions/filters/common/expr/evaluator.cc` (no comprehensions)
 */
export function expressionExcess(source: string): string | null {
  const found = expressionFault(source) === null ? repeating(parsed(source).ast) : null;
  return found === null
    ? null
    : `it may not use ${found}(), which repeats work for each request, and which Envoy does not carry out either; write the cases one by one`;
}

const REPEATING = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind', 'optMap', 'optFlatMap']);

/** The first function that binds a name of its own. */
function repeating(node: unknown): string | null {
  if (Array.isArray(node)) {
    for (const one of node) {
      const found = repeating(one);
      if (found !== null) return found;
    }
    return null;
  }
  if (!isNode(node)) return null;
  return node.op === 'rcall' && REPEATING.has(node.args[0]) ? node.args[0] : repeating(node.args);
}

/** What `source` asks about that nobody here can answer, by full names; empty if it is no expression. */
export function unknownAttributes(source: string): string[] {
  if (expressionFault(source) !== null) return [];
  const asked = new Set<string>();
  const bare = new Set<string>(NO_ATTRIBUTES);
  collect(parsed(source).ast, asked, bare);
  return [...asked].filter((name) => !ATTRIBUTES.has(name) && !bare.has(name.split('.', 1)[0]!));
}

/** Where the names of types begin. */
const NO_ATTRIBUTES = ['google', 'optional'];

/** @param bare names that stand alone: those of types, and those that the expression gives its own values */
function collect(node: unknown, asked: Set<string>, bare: Set<string>): void {
  if (Array.isArray(node)) for (const one of node) collect(one, asked, bare);
  if (!isNode(node)) return;
  if (node.op === 'id') bare.add(node.args);
  else if (node.op === '.' && node.args[0].op === 'id') asked.add(`${node.args[0].args}.${node.args[1]}`);
  else if (node.op === '[]' && node.args[0].op === 'id' && node.args[1].op === 'value')
    asked.add(`${node.args[0].args}.${String(node.args[1].args)}`);
  else collect(node.args, asked, bare);
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

/**
 * @throws Error in CEL's own words if `source` is no expression
 * @throws RangeError if it is longer than 4 096 characters, or has what {@link expressionExcess} tells of
 */
export function compileExpression(source: string): Expression {
  const excess = expressionExcess(source);
  if (excess !== null) throw new RangeError(excess);
  const evaluate: (facts: ExpressionFacts) => unknown = parsed(source);
  const value = (facts: ExpressionFacts): unknown => {
    try {
      return evaluate(facts);
    } catch {
      return undefined;
    }
  };
  return {
    source,
    holds: (facts) => value(facts) === true,
    text: (facts) => asText(value(facts)),
  };
}

function parsed(source: string): ParseResult {
  if (source.length > MAX_CHARACTERS) throw new RangeError(`it is longer than ${MAX_CHARACTERS} characters`);
  return environment().parse(linearMatches(source));
}

/**
 * The library's own `matches` backtracks, and the strings come from the network: ours is RE2, as Envoy's is. Built-in functions
 * cannot be replaced, so the call is written anew; what stands in quotes or behind `//` is left as it is.
 */
function linearMatches(source: string): string {
  return source.replace(LITERAL_OR_MATCHES, (whole, literal: string | undefined) =>
    literal === undefined ? whole.replace('matches', 'heddleMatches') : whole,
  );
}

/** Raw texts, which know no escapes; texts; comments; the call. */
const LITERAL_OR_MATCHES =
  /(\b[bB]?[rR][bB]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')|"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*)|\.\s*matches(?=\s*\()/g;

/** One for each expression, for the patterns in it; what is in it beside them is shared by the library. */
function environment(): Environment {
  const patterns = new Map<string, Pattern>();
  return new Environment({ unlistedVariablesAreDyn: true }).registerFunction(
    'string.heddleMatches(string): bool',
    (text: string, pattern: string) => {
      let compiled = patterns.get(pattern);
      if (compiled === undefined) {
        compiled = compilePattern(pattern, patterns.size);
        patterns.set(pattern, compiled);
      }
      return text.length <= compiled.longest && compiled.re2.matcher(text).find();
    },
    { async: false },
  );
}

interface Pattern {
  readonly re2: RE2JS;
  readonly longest: number;
}

/** The pattern may be one that a caller sends: too large a one is found out before it is compiled. */
function compilePattern(pattern: string, known: number): Pattern {
  if (known >= MAX_PATTERNS || pattern.length > MAX_PATTERN) throw new RangeError('too many or too long');
  if (guessSize(pattern).instructions > 4 * MAX_PROGRAM) throw new RangeError('too large');
  const re2 = RE2JS.compile(pattern);
  const size = re2.programSize();
  if (size > MAX_PROGRAM) throw new RangeError('the regular expression is too large');
  return { re2, longest: longestSubject(size) };
}

function asText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
    case 'number':
    case 'boolean':
      return String(value);
    default:
      return value instanceof Date ? value.toISOString() : undefined;
  }
}
