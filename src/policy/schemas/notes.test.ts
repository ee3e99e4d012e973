/** What is said of fields is true: there is a note for each, none is left over, and what is noted as refused is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyTestSpec, TEST_KIND } from '../expectations/schema.js';
import { KINDS } from '../kinds/index.js';
import { coveringPath, describeFields, noteFor } from './describe.js';
import { fieldsOf } from './fields.js';
import { NOTES } from './notes/index.js';
import { probe } from './probe.test.helper.js';

for (const { kind, schema } of [...KINDS, { kind: TEST_KIND, schema: policyTestSpec }])
  test(`every field of ${kind} is described, and no description is left over`, () => {
    const notes = NOTES[kind]!;
    if (kind !== TEST_KIND) describeFields(kind, schema);
    const fields = fieldsOf(schema, { shapes: true });
    const used = new Set(
      fields.flatMap(({ path, as }) => (as === undefined ? coveringPath(notes, path) : path)),
    );
    const undescribed = fields.filter(
      ({ path, as }) => as === undefined && coveringPath(notes, path) === undefined,
    );
    assert.deepEqual(undescribed, []);
    // A block may say something beside its fields, and a block that comes again something else than the first time.
    const isBlock = (path: string) => fields.some((field) => within(field.path, path));
    const isAgain = (path: string) =>
      fields.some((field) => field.as !== undefined && within(path, field.path));
    const leftOver = Object.keys(notes).filter((path) => !used.has(path) && !isBlock(path) && !isAgain(path));
    assert.deepEqual(leftOver, []);
  });

test('no kind is described that does not exist', () => {
  assert.deepEqual(Object.keys(NOTES).sort(), [...KINDS.map(({ kind }) => kind), TEST_KIND].sort());
});

for (const kind of KINDS)
  test(`what is said of the fields of ${kind.kind} is what its checks say`, () => {
    const wrong: string[] = [];
    for (const { path, as } of fieldsOf(kind.schema)) {
      if (as !== undefined) continue;
      const { supported } = noteFor(NOTES[kind.kind]!, path)!;
      const { samples, refused, told } = probe(kind, path);
      if (samples === 0) wrong.push(`${path}: no sample fits its schema`);
      else if (supported === 'no' && refused < samples)
        wrong.push(`${path} is noted as refused, and ${samples - refused} of ${samples} samples are not`);
      else if (supported !== 'no' && refused === samples)
        wrong.push(`${path} is refused, and is not noted as such`);
      else if (supported === 'yes' && refused > 0)
        wrong.push(`${path} is refused in part, and is not noted as such`);
      else if (supported === 'yes' && told === samples)
        wrong.push(`${path} has no effect (HDL0006), and is not noted as such`);
    }
    assert.deepEqual(wrong, []);
  });

function within(inner: string, outer: string): boolean {
  return inner.startsWith(outer) && /^[.[]/.test(inner.slice(outer.length));
}
