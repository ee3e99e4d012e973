/**
 * Header operations, compiled to one flat list and carried out in Envoy's order: within a level removals come first, then
 * `set`, then `add`.
 * @source Envoy `header_parser.cc`; Istio `route.go` TranslateHeadersOperations
 */
import { appendField, type HeaderFields } from '../../base/headers.js';
import { type HeaderContext, HeaderFormat } from './format.js';
import type { HeaderOperations } from './policy.js';
import { breaksLine } from './safe-text.js';

export type { HeaderContext } from './format.js';
export { breaksLine, safeFieldText, safeUriText } from './safe-text.js';

/** One step. */
export interface HeaderStep {
  readonly kind: 'remove' | 'set' | 'add';
  /** In lower case. */
  readonly name: string;
  /** Text, or a format to be filled in for each call; empty for `remove`. */
  readonly value: string | HeaderFormat;
}

export type HeaderSteps = readonly HeaderStep[];

/**
 * Steps of a rule and of the destination that was chosen. With one destination its operations are appended to the rule's; with
 * several they are a level of their own that comes first, so that for a conflicting `set` the rule's value wins.
 * @throws RangeError on a value with a broken operator
 */
export function compileHeaders(
  rule: HeaderOperations | undefined,
  destination: HeaderOperations | undefined,
  several: boolean,
): HeaderSteps {
  if (several)
    return [...removals(destination), ...changes(destination), ...removals(rule), ...changes(rule)];
  return [...removals(rule), ...removals(destination), ...changes(rule), ...changes(destination)];
}

/** The authority that `set`, or else `add`, asks for; undefined if neither does. */
export function authorityOf(operations: HeaderOperations | undefined): string | undefined {
  // An empty one counts for none (Istio).
  return hostIn(operations?.set) || hostIn(operations?.add);
}

/**
 * Changes `fields` in place. A `set` or `add` whose text comes out empty is left out (Envoy).
 * @param fields of the request or of the response
 * @param context the call: what operators in values may ask about
 */
export function applyHeaders(steps: HeaderSteps, fields: HeaderFields, context: HeaderContext): void {
  for (const step of steps) {
    if (step.kind === 'remove') {
      delete fields[step.name];
      continue;
    }
    const value = typeof step.value === 'string' ? step.value : step.value.format(context, fields);
    if (value === '') continue;
    if (step.kind === 'set') fields[step.name] = value;
    else appendField(fields, step.name, value);
  }
}

function hostIn(values: Readonly<Record<string, string>> | undefined): string | undefined {
  if (values === undefined) return undefined;
  for (const name of Object.keys(values).sort()) {
    const lower = name.toLowerCase();
    if (lower === ':authority' || lower === 'host') return values[name];
  }
  return undefined;
}

/** The authority is rewritten elsewhere, and the other pseudo-headers are nobody's to change. */
function changeable(name: string): boolean {
  return !name.startsWith(':') && name !== 'host';
}

/** What comes over the wire has not been validated here. */
function checkedName(key: string): string {
  if (breaksLine(key)) throw new RangeError('the name of a header holds a line break or a NUL');
  return key.toLowerCase();
}

function removals(operations: HeaderOperations | undefined): HeaderStep[] {
  const names = (operations?.remove ?? []).map((name) => name.toLowerCase()).filter(changeable);
  return names.map((name) => ({ kind: 'remove', name, value: '' }));
}

function changes(operations: HeaderOperations | undefined): HeaderStep[] {
  return [...sorted('set', operations?.set), ...sorted('add', operations?.add)];
}

function sorted(kind: 'set' | 'add', values: Readonly<Record<string, string>> | undefined): HeaderStep[] {
  if (values === undefined) return [];
  const steps: HeaderStep[] = [];
  for (const key of Object.keys(values).sort()) {
    const name = checkedName(key);
    const value = values[key]!;
    if (breaksLine(value)) throw new RangeError(`the value of header ${name} holds a line break or a NUL`);
    if (changeable(name))
      steps.push({ kind, name, value: value.includes('%') ? new HeaderFormat(value) : value });
  }
  return steps;
}
