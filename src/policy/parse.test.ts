import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseResources } from './parse.js';

const parse = (text: string) => parseResources([{ file: 'a.yaml', text }]);

const RULE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
spec:
  host: reviews
  subsets:
  - name: v1
    labels: { version: v1 }
`;

test('a document becomes a resource in the namespace default', () => {
  const { resources, messages } = parse(RULE);
  assert.deepEqual(messages, []);
  assert.deepEqual(resources[0]?.resource, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'reviews', namespace: 'default' },
    spec: { host: 'reviews', subsets: [{ name: 'v1', labels: { version: 'v1' } }] },
  });
});

test('several documents, empty ones, JSON and lists are read', () => {
  const json = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'b', namespace: 'x' },
    spec: {},
  });
  const list = `apiVersion: v1\nkind: List\nitems:\n- ${json}\n`;
  const { resources, messages } = parse(`---\n---\n${RULE}---\n${json}\n---\n${list}`);
  assert.deepEqual(messages, []);
  assert.deepEqual(
    resources.map(
      ({ resource }) => `${resource.kind} ${resource.metadata.namespace}/${resource.metadata.name}`,
    ),
    ['DestinationRule default/reviews', 'Service x/b', 'Service x/b'],
  );
});

test('JSON on one line may be long, but not deep', () => {
  const subsets = Array.from({ length: 500 }, (_, index) => ({ name: `v${index}`, labels: { a: 'b' } }));
  const long = JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'a' },
    spec: { host: 'a', subsets },
  });
  assert.deepEqual(parse(long).messages, []);
  for (const deep of ['{"a":'.repeat(200), `{${'a: '.repeat(200)}`, `[ a:\n${' : :\n'.repeat(200)}`])
    assert.match(parse(deep).messages[0]?.message ?? '', /more than 100 levels deep/);
});

test('a field is found at its line and column, a missing one at what surrounds it', () => {
  const origin = parse(`# comment\n---\n${RULE}`).resources[0]!.origin;
  assert.deepEqual(origin(['spec', 'host']), { file: 'a.yaml', line: 8, column: 3 });
  assert.deepEqual(origin(['spec', 'subsets', 0, 'labels', 'version']), {
    file: 'a.yaml',
    line: 11,
    column: 15,
  });
  assert.deepEqual(origin(['spec', 'subsets', 0, 'trafficPolicy', 'tls']), {
    file: 'a.yaml',
    line: 10,
    column: 5,
  });
});

test('a resource within a list points into the list', () => {
  const text = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n  spec: {ports: []}\n`;
  assert.equal(parse(text).resources[0]!.origin(['spec']).line, 7);
});

test('a YAML error says file, line and column and leaves other documents alone', () => {
  const { resources, messages } = parse(`${RULE}---\na: [1\nb: }\n`);
  assert.equal(resources.length, 1);
  assert.ok(messages.length > 0);
  for (const message of messages) {
    assert.equal(message.code, 'HDL0001');
    assert.equal(message.file, 'a.yaml');
    assert.ok(message.line >= 11, String(message.line));
  }
});

test('a key that is there twice is an error', () => {
  assert.equal(parse('a: 1\na: 2\n').messages[0]?.code, 'HDL0001');
});

test('an unknown kind is an error with a hint, what belongs to Kubernetes is a note', () => {
  const message = (apiVersion: string, kind: string) =>
    parse(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\n`).messages[0];
  assert.match(message('networking.istio.io/v1', 'VirtualServce')!.message, /VirtualService\?/);
  assert.match(message('networking.istio.io/v2', 'VirtualService')!.message, /networking.istio.io\/v1/);
  assert.equal(message('apps/v1', 'Deployment')?.level, 'info');
  assert.equal(message('v1', 'ServiceAccount')?.level, 'info');
  assert.equal(message('nonsense/v1', 'Thing')?.level, 'error');
});

test('metadata is checked: a name is needed and unknown fields are named', () => {
  const text = 'apiVersion: v1\nkind: Service\nmetadata: { nam: a }\nspecs: {}\n';
  const messages = parse(text).messages.map(({ message }) => message);
  assert.ok(messages.some((message) => message.includes("'name' is missing")));
  assert.ok(messages.some((message) => message.includes("did you mean 'name'?")));
  assert.ok(messages.some((message) => message.includes("did you mean 'spec'?")));
});

test('a document that is no resource is an error, and null fields count as absent', () => {
  assert.equal(parse('just text').messages[0]?.code, 'HDL0002');
  const { resources } = parse('apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: null}\n');
  assert.deepEqual(resources[0]?.resource.spec, {});
});

test('aliases that multiply, files too long and nesting too deep are refused', () => {
  let bomb = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n';
  for (let level = 1; level < 9; level += 1)
    bomb += `a${level}: &a${level} [${Array(10)
      .fill(`*a${level - 1}`)
      .join(', ')}]\n`;
  assert.equal(parse(bomb).messages[0]?.code, 'HDL0001');
  assert.equal(parse('a'.repeat(9 * 1024 * 1024)).messages[0]?.code, 'HDL0001');
  assert.equal(parse('['.repeat(50_000)).messages[0]?.code, 'HDL0001');
});

test('no text whatever makes parsing throw', () => {
  const piece = fc.constantFrom(
    ...[
      'apiVersion: ',
      'networking.istio.io/v1',
      'kind: ',
      'VirtualService',
      'metadata:',
      '  name: a',
      '\n',
      '---\n',
    ],
    ...[
      '- ',
      '&a ',
      '*a',
      '!!binary ',
      '!x ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      ': ',
      '<<: ',
      '|',
      '>',
      '%YAML 9',
      '\t',
      '\0',
      '? ',
    ],
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (source) => {
      for (const message of parse(source).messages) assert.ok(message.line >= 1 && message.column >= 1);
    }),
    { numRuns: 1_000, seed: 11 },
  );
});

test('names may have capitals, but those of namespaces and Services, which are names of hosts', () => {
  const paths = (kind: string, metadata: string) =>
    parse(`apiVersion: ${kind}\nmetadata: ${metadata}\nspec: {}\n`).messages.map(({ path }) => path);
  const rule = 'networking.istio.io/v1\nkind: DestinationRule';
  assert.deepEqual(paths(rule, '{ name: Reviews-v1 }'), []);
  assert.deepEqual(paths(rule, '{ name: reviews, namespace: Prod }'), ['metadata.namespace']);
  assert.deepEqual(paths('v1\nkind: Service', '{ name: Reviews }'), ['metadata.name']);
});
