import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResources } from './parse.js';
import type { Message } from './resource.js';
import { validateResource } from './validate.js';

const NETWORKING = 'networking.istio.io/v1';

function read(kind: string, spec: string, metadata = '{ name: x }', group = NETWORKING) {
  const text = `apiVersion: ${group}\nkind: ${kind}\nmetadata: ${metadata}\nspec: ${spec}\n`;
  return parseResources([{ file: 'x.yaml', text }]);
}

function errors(kind: string, spec: string, metadata?: string, group?: string): string[] {
  const { resources, messages } = read(kind, spec, metadata, group);
  return [...messages, ...resources.flatMap(validateResource)].filter(isError).map(({ path }) => path);
}

const isError = ({ level }: Message) => level === 'error';
const SERVER = 'servers: [{ hosts: ["*"], port: { number: 80, protocol: HTTP, name: a } }]';

test('a field that is null was not set, at any depth', () => {
  assert.deepEqual(errors('Gateway', `{ selector: null, ${SERVER} }`), []);
  assert.deepEqual(errors('WorkloadEntry', '{ address: 1.2.3.4, ports: null, labels: null }'), []);
  const { resources } = read('Gateway', `{ ${SERVER} }`, '{ name: x, creationTimestamp: null }');
  assert.equal('creationTimestamp' in resources[0]!.resource.metadata, false);
});

test('a label of the resource itself that is null was not set', () => {
  const { resources, messages } = read('Gateway', `{ ${SERVER} }`, '{ name: x, labels: { a: null, b: c } }');
  assert.deepEqual(messages, []);
  assert.deepEqual(resources[0]!.resource.metadata.labels, { b: 'c' });
});

for (const [kind, spec, path, group] of [
  ['Gateway', `{ selector: { app: null }, ${SERVER} }`, 'spec.selector.app'],
  ['Gateway', '{ servers: [null] }', 'spec.servers[0]'],
  [
    'Gateway',
    '{ servers: [{ hosts: [null], port: { number: 80, protocol: HTTP, name: a } }] }',
    'spec.servers[0].hosts[0]',
  ],
  [
    'Sidecar',
    '{ workloadSelector: { labels: { app: null } }, egress: [{ hosts: ["*/*"] }] }',
    'spec.workloadSelector.labels.app',
  ],
  ['Sidecar', '{ ingress: [null] }', 'spec.ingress[0]'],
  ['Sidecar', '{ egress: [null] }', 'spec.egress[0]'],
  ['WorkloadEntry', '{ address: 1.2.3.4, ports: { http: null } }', 'spec.ports.http'],
  ['WorkloadEntry', '{ address: 1.2.3.4, labels: { app: null } }', 'spec.labels.app'],
  ['WorkloadGroup', '{ template: { labels: { app: null } } }', 'spec.template.labels.app'],
  ['WorkloadGroup', '{ metadata: { labels: { app: null } }, template: {} }', 'spec.metadata.labels.app'],
  [
    'WorkloadGroup',
    '{ template: {}, probe: { httpGet: { port: 1, httpHeaders: [null] } } }',
    'spec.probe.httpGet.httpHeaders[0]',
  ],
  [
    'Telemetry',
    '{ selector: { matchLabels: { app: null } } }',
    'spec.selector.matchLabels.app',
    'telemetry.istio.io/v1',
  ],
  ['Telemetry', '{ tracing: [null] }', 'spec.tracing[0]', 'telemetry.istio.io/v1'],
  [
    'Telemetry',
    '{ tracing: [{ customTags: { a: null } }] }',
    'spec.tracing[0].customTags.a',
    'telemetry.istio.io/v1',
  ],
  [
    'Telemetry',
    '{ metrics: [{ overrides: [{ tagOverrides: { a: null } }] }] }',
    'spec.metrics[0].overrides[0].tagOverrides.a',
    'telemetry.istio.io/v1',
  ],
  [
    'Telemetry',
    '{ metrics: [{ overrides: [null] }] }',
    'spec.metrics[0].overrides[0]',
    'telemetry.istio.io/v1',
  ],
  [
    'Telemetry',
    '{ accessLogging: [{ providers: [null] }] }',
    'spec.accessLogging[0].providers[0]',
    'telemetry.istio.io/v1',
  ],
] as const)
  test(`${kind}: an entry that is null is a mistake, at ${path}`, () =>
    assert.deepEqual(errors(kind, spec, undefined, group), [path]));

test('__proto__ as a key is refused where it stands, as no schema would see it', () => {
  const labels = '{ __proto__: a, constructor: b, toString: c }';
  assert.deepEqual(errors('WorkloadEntry', `{ address: 1.2.3.4, labels: ${labels} }`), [
    'spec.labels.__proto__',
  ]);
  assert.deepEqual(errors('Gateway', `{ __proto__: { a: 1 }, ${SERVER} }`), ['spec.__proto__']);
  assert.deepEqual(errors('Gateway', `{ ${SERVER} }`, '{ name: x, labels: { __proto__: a } }'), [
    'metadata.labels.__proto__',
  ]);
  const { messages } = read('Gateway', `\n  selector:\n    __proto__: a\n  ${SERVER}`);
  assert.deepEqual([messages[0]?.line, messages[0]?.column], [6, 5]);
});

test('other names of prototypes are keys like any', () => {
  const { resources, messages } = read(
    'WorkloadEntry',
    '{ address: 1.2.3.4, ports: { constructor: 80 }, labels: { constructor: a, toString: b, valueOf: c } }',
  );
  assert.deepEqual([...messages, ...resources.flatMap(validateResource)], []);
  assert.deepEqual((resources[0]!.resource.spec as { labels: object }).labels, {
    constructor: 'a',
    toString: 'b',
    valueOf: 'c',
  });
});

test('entries of a List are read like documents, each at its place', () => {
  const items = ['[null]', '{ app: null }', '{ __proto__: a }'].map(
    (selector) =>
      `{ apiVersion: ${NETWORKING}, kind: Gateway, metadata: { name: x }, spec: { selector: ${selector}, ${SERVER} } }`,
  );
  const text = `apiVersion: v1\nkind: List\nitems:\n- ${items.join('\n- ')}\n- null\n`;
  const { resources, messages } = parseResources([{ file: 'x.yaml', text }]);
  const found = [...messages, ...resources.flatMap(validateResource)].filter(isError);
  assert.deepEqual(
    found.map(({ line, path }) => `${line} ${path}`),
    ['6 spec.selector.__proto__', '7 ', '4 spec.selector', '5 spec.selector.app'],
  );
});
