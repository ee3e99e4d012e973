/**
 * Tables of agreement with Istio's own validation: a row says what a resource is, and what Istio says of it. `not done yet` are those
 * that Istio takes (or would look into) and Heddle refuses, saying so; they do not count as agreement.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResources } from '../parse.js';
import { validateResource } from '../validate.js';
import { joinVersion, KINDS } from './index.js';

export type Verdict = 'valid' | 'warning' | 'invalid' | 'not done yet';
/** A verdict, what is special, and the YAML of the part under test. */
export type Row = readonly [verdict: Verdict, what: string, part: string];

const NOT_DONE = /\bHeddle\b/;

/** @param wrap from the part to the whole spec, as YAML */
export function table(
  kind: string,
  rows: readonly Row[],
  wrap: (part: string) => string = (part) => part,
  metadata = '',
): void {
  for (const [verdict, what, part] of rows)
    test(`${kind}: ${what} is ${verdict}`, () => {
      const { said, errors } = judge(kind, wrap(part), metadata);
      assert.equal(said, verdict, errors.join('\n'));
    });
}

function judge(kind: string, spec: string, metadata: string) {
  const { group, versions } = KINDS.find((known) => known.kind === kind)!;
  const head = `apiVersion: ${joinVersion(group, versions[0]!)}\nkind: ${kind}\nmetadata: { name: x, namespace: ns5${metadata} }\n`;
  const parsed = parseResources([{ file: 'x.yaml', text: `${head}spec: ${spec}\n` }]);
  const messages = [...parsed.messages, ...parsed.resources.flatMap(validateResource)];
  const errors = messages.filter(({ level }) => level === 'error');
  const warned = messages.some(({ level }) => level === 'warning');
  const said: Verdict =
    errors.length > 0
      ? errors.every(({ code, message }) => code === 'HDL0007' || NOT_DONE.test(message))
        ? 'not done yet'
        : 'invalid'
      : warned
        ? 'warning'
        : 'valid';
  return { said, errors: errors.map(({ message }) => message) };
}
