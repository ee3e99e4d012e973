/** The JSON Schemas say of shapes what validation says of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS } from '../kinds/index.js';
import { conforms } from './conforms.test.helper.js';
import { type JsonSchema, kindJsonSchema, policyJsonSchema, SCHEMA_KINDS } from './json-schema.js';

const VIRTUAL_SERVICE = {
  apiVersion: 'networking.istio.io/v1beta1',
  kind: 'VirtualService',
  metadata: { name: 'a', labels: { b: 'c' } },
  spec: {
    hosts: ['a'],
    http: [{ match: [{ uri: { prefix: '/' } }], route: [{ destination: { host: 'a' } }], timeout: '1.5s' }],
  },
};

function changed(change: (document: typeof VIRTUAL_SERVICE) => void): unknown {
  const copy = structuredClone(VIRTUAL_SERVICE);
  change(copy);
  return copy;
}

test('a document conforms to the schema of its kind, and to that of all kinds', () => {
  assert.deepEqual(conforms(kindJsonSchema('VirtualService')!, VIRTUAL_SERVICE), []);
  assert.deepEqual(conforms(policyJsonSchema(), VIRTUAL_SERVICE), []);
  const policyTest = {
    apiVersion: 'heddle.dev/v1',
    kind: 'PolicyTest',
    metadata: { name: 'a' },
    spec: { cases: [{ name: 'b', exchange: { to: 'a:1' }, expect: 'allow' }] },
  };
  assert.deepEqual(conforms(policyJsonSchema(), policyTest), []);
});

for (const [about, document] of [
  ['a field that is misspelt', changed(({ spec }) => Object.assign(spec, { host: [] }))],
  ['a kind of another group', changed((document) => Object.assign(document, { apiVersion: 'v1' }))],
  ['a value of another type', changed(({ spec }) => Object.assign(spec, { hosts: 'a' }))],
  ['a text that is no duration', changed(({ spec }) => Object.assign(spec.http[0]!, { timeout: '5 s' }))],
  [
    'a field that is missing',
    changed(({ spec }) => Object.assign(spec.http[0]!, { route: [{ destination: {} }] })),
  ],
  ['no name', changed((document) => Object.assign(document, { metadata: {} }))],
] as const)
  test(`does not conform: ${about}`, () => {
    assert.notDeepEqual(conforms(kindJsonSchema('VirtualService')!, document), []);
    assert.notDeepEqual(conforms(policyJsonSchema(), document), []);
  });

test('there is a schema for every kind, with the versions that validation takes, and for policy tests', () => {
  assert.deepEqual(SCHEMA_KINDS, [...KINDS.map(({ kind }) => kind), 'PolicyTest']);
  for (const { kind, group, versions } of KINDS) {
    const { properties } = kindJsonSchema(kind) as {
      readonly properties: { readonly apiVersion: JsonSchema };
    };
    const expected = versions.map((version) => (group === '' ? version : `${group}/${version}`));
    assert.deepEqual(properties.apiVersion, { enum: expected });
  }
  assert.equal(kindJsonSchema('Pod'), undefined);
});
