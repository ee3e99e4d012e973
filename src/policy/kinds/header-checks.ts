/**
 * Operations on headers, of a rule of a VirtualService or of one of its destinations: what their schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateHTTPHeader…, `header_value_validator.go`; spec validation.md §1
 */
import { headerValueFault } from '../../traffic/headers/format.js';
import { isToken } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import type { HeadersSpec } from './virtual-service.js';

export function checkHeaders(headers: HeadersSpec | undefined, path: FieldPath, findings: Findings): void {
  for (const side of ['request', 'response'] as const) {
    const operations = headers?.[side];
    if (operations === undefined) continue;
    for (const verb of ['set', 'add'] as const)
      for (const [name, value] of Object.entries(operations[verb] ?? {})) {
        const at = [...path, side, verb, name];
        checkHeaderName(name, at, findings, side === 'request');
        checkHeaderValue(value, at, findings);
      }
    for (const [index, name] of (operations.remove ?? []).entries())
      checkHeaderName(name, [...path, side, 'remove', index], findings, false);
  }
}

/** Does `name` stand for the authority of a request? */
export function isAuthorityName(name: string): boolean {
  return ['host', ':authority'].includes(name.toLowerCase());
}

function checkHeaderName(name: string, path: FieldPath, findings: Findings, authority: boolean): void {
  if (isAuthorityName(name)) {
    if (!authority) findings.error(path, `'${name}' can only be set on requests`);
  } else if (name === '') findings.error(path, 'the name of the header is empty');
  else if (name.startsWith(':')) findings.error(path, `'${name}' is a pseudo-header; it cannot be changed`);
  else if (!isToken(name))
    findings.unsupported(path, `no HTTP message can carry a header named '${name}'; correct the name`);
}

function checkHeaderValue(value: string, path: FieldPath, findings: Findings): void {
  const wrong = CONTROLS.test(value) ? 'it holds a control character' : operatorFault(value);
  if (wrong !== null) {
    findings.error(path, `the value is not allowed: ${wrong}`);
    return;
  }
  const fault = headerValueFault(value);
  if (fault !== null) findings.unsupported(path, `${fault}; without it the header would say something else`);
}

/** All but the tab. */
const CONTROLS = /[^\t\P{Cc}\u0080-\u009f]/u;

/** In brackets or without: `a`, `"a", "b"`; a quotation mark or a bracket ends a string. */
const ARGUMENTS = String.raw` *(?:\[ *"|[^ [])(?:\\.|[^\\")])*(?:" *, *"(?:\\.|[^\\")])*)*(?:\)|" *\] *\)) *%`;
/** Text, an escaped percent sign, `%NAME%` or `%NAME(ARGUMENTS)%`. */
const PIECE = new RegExp(String.raw`[^%]+|%%|%(?!%)[^%(]*(?:%|\(${ARGUMENTS})`, 'y');

/** What is wrong with the operators in a value by their form, or null; which ones there are is another matter. */
function operatorFault(value: string): string | null {
  let at = 0;
  while (at < value.length) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(value);
    if (piece === null)
      return `'${value.slice(at, at + 40)}' begins no complete operator: write %NAME%, %NAME(ARGUMENT)%, or %% for a percent sign`;
    at += piece[0].length;
  }
  return null;
}
