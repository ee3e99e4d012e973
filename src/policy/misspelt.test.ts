/** A misspelt field is found in every kind, at every level, with the field that was meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { KINDS } from './kinds/index.js';
import { describeIssues } from './schema-issues.js';

interface Place {
  /** A value of the right shape around the object. */
  wrap(value: unknown): unknown;
  readonly path: readonly (string | number)[];
  readonly object: z.ZodObject;
}

/** Every object with a fixed set of fields within a schema, once. */
function* objectsIn(schema: unknown, place: Omit<Place, 'object'>, seen: Set<unknown>): Generator<Place> {
  let at = schema;
  while (at instanceof z.ZodOptional || at instanceof z.ZodNullable || at instanceof z.ZodDefault)
    at = at.unwrap();
  if (seen.has(at)) return;
  seen.add(at);
  const within = (key: string | number, wrapOne: (value: unknown) => unknown) => ({
    wrap: (value: unknown) => place.wrap(wrapOne(value)),
    path: [...place.path, key],
  });
  if (at instanceof z.ZodArray)
    yield* objectsIn(
      at.element,
      within(0, (value) => [value]),
      seen,
    );
  else if (at instanceof z.ZodRecord)
    yield* objectsIn(
      at.valueType,
      within('k', (value) => ({ k: value })),
      seen,
    );
  else if (at instanceof z.ZodUnion) for (const option of at.options) yield* objectsIn(option, place, seen);
  else if (at instanceof z.ZodObject) {
    if (at.def.catchall instanceof z.ZodNever) yield { ...place, object: at };
    for (const [key, field] of Object.entries(at.shape))
      yield* objectsIn(
        field,
        within(key, (value) => ({ [key]: value })),
        seen,
      );
  }
}

for (const kind of KINDS)
  test(`${kind.kind}: a misspelt field at every level says which was meant`, () => {
    let tried = 0;
    for (const { wrap, path, object } of objectsIn(
      kind.schema,
      { wrap: (value) => value, path: [] },
      new Set(),
    ))
      for (const field of Object.keys(object.shape).filter((name) => name.length > 4)) {
        const wrong = `${field.slice(0, 2)}${field.slice(3)}`;
        if (Object.hasOwn(object.shape, wrong)) continue;
        const value = wrap({ [wrong]: 1 });
        const parsed = kind.schema.safeParse(value);
        assert.equal(parsed.success, false);
        const issues = describeIssues(kind.schema, parsed.error?.issues ?? [], value);
        const found = issues.find((issue) => issue.path.join() === [...path, wrong].join());
        const meant = /^'(.+)' is not a field; did you mean '(.+)'\?$/.exec(found?.message ?? '');
        assert.equal(meant?.[1], wrong, `${path.join('.')}.${wrong}: ${found?.message}`);
        assert.ok(Object.hasOwn(object.shape, meant?.[2] ?? ''), found?.message);
        tried += 1;
      }
    assert.ok(tried > 0 || kind.kind === 'Service');
  });
