import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResources } from './parse.js';
import { validateResource } from './validate.js';

function found(spec: string): string[] {
  const text = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: x }\nspec: ${spec}\n`;
  const { resources } = parseResources([{ file: 'x.yaml', text }]);
  return resources.flatMap(validateResource).map(({ level, path }) => `${level} ${path}`);
}

const ROUTE = 'route: [{ destination: { host: b } }]';

test('a misspelt field of one rule does not hide what is wrong with another', () => {
  assert.deepEqual(found(`{ hosts: [a], http: [{ timeot: 1s, ${ROUTE} }, { timeout: 0s, ${ROUTE} }] }`), [
    'error spec.http[0].timeot',
    'error spec.http[1].timeout',
  ]);
});

test('a field of the wrong type does not make its neighbours wrong', () => {
  const rule = `{ retries: { attempts: three, retryOn: 5xx }, ${ROUTE} }`;
  assert.deepEqual(found(`{ hosts: [a], http: [${rule}] }`), ['error spec.http[0].retries.attempts']);
});

test('a field around the wrong one is not judged', () => {
  assert.deepEqual(found('{ hosts: [a], http: [{ route: 3 }] }'), ['error spec.http[0].route']);
});

test('a match that lost a condition covers nothing', () => {
  const rules = `[{ match: [{ urii: { prefix: / } }], ${ROUTE} }, { match: [{ uri: { prefix: /a } }], ${ROUTE} }]`;
  assert.deepEqual(found(`{ hosts: [a], http: ${rules} }`), ['error spec.http[0].match[0].urii']);
});

test('an entry of a list that is wrong leaves nothing to check', () => {
  assert.deepEqual(found(`{ hosts: [3], http: [{ timeout: 0s, ${ROUTE} }] }`), ['error spec.hosts[0]']);
});
