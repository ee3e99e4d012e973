import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyze } from '../analyze/index.js';
import { KINDS } from '../kinds/index.js';
import { type ParsedResource, parseResources } from '../parse.js';
import type { Resource } from '../resource.js';
import { validateResource } from '../validate.js';
import * as builders from './index.js';
import {
  authorizationPolicy,
  destinationRule,
  gateway,
  peerAuthentication,
  resiliencePolicy,
  service,
  toYaml,
  virtualService,
  workloadEntry,
} from './index.js';

const REVIEWS: readonly Resource[] = [
  service({ name: 'reviews', ports: [{ name: 'http', port: 9080 }] }),
  virtualService({
    name: 'reviews',
    labels: { team: 'web' },
    annotations: { note: '{a: b}' },
    hosts: ['reviews'],
    http: [
      {
        match: [{ headers: { 'end-user': { exact: 'jason' } } }],
        route: [{ destination: { host: 'reviews', subset: 'v2' } }],
        timeout: '5s',
        retries: { attempts: 2, retryOn: '503' },
      },
      {
        route: [
          { destination: { host: 'reviews', subset: 'v1' }, weight: 80 },
          { destination: { host: 'reviews', subset: 'v2' }, weight: 20 },
        ],
      },
    ],
  }),
  destinationRule({
    name: 'reviews',
    host: 'reviews',
    trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' }, outlierDetection: { consecutive5xxErrors: 3 } },
    subsets: [
      { name: 'v1', labels: { version: 'v1' } },
      { name: 'v2', labels: { version: 'v2' } },
    ],
  }),
  peerAuthentication({ name: 'default', namespace: 'istio-system', mtls: { mode: 'STRICT' } }),
  authorizationPolicy({
    name: 'readers',
    selector: { matchLabels: { app: 'reviews' } },
    rules: [
      { from: [{ source: { serviceAccounts: ['productpage'] } }], to: [{ operation: { methods: ['GET'] } }] },
    ],
  }),
  resiliencePolicy({ name: 'reviews', host: 'reviews', breaker: { errorThresholdPercent: 50 } }),
];

test('what is built and written as YAML is read as it was, and is right', () => {
  const text = toYaml(REVIEWS);
  const { resources, messages } = parseResources([{ file: 'reviews.yaml', text }]);
  assert.deepEqual(messages, []);
  assert.deepEqual(
    resources.map(({ resource }) => resource),
    REVIEWS,
  );
  assert.deepEqual(
    analyze([{ file: 'reviews.yaml', text }]).messages.filter(({ level }) => level === 'error'),
    [],
  );
});

test('what is wrong beyond its type is found as in YAML', () => {
  const wrong = virtualService({
    name: 'wrong',
    hosts: ['*'],
    http: [{ route: [{ destination: { host: 'a b' } }], timeout: 'soon' }],
  });
  const parsed: ParsedResource = { resource: wrong, origin: () => ({ file: '', line: 1, column: 1 }) };
  const built = validateResource(parsed).map(({ path, message }) => [path, message]);
  const read = parseResources([{ file: '', text: toYaml([wrong]) }]).resources.flatMap(validateResource);
  assert.ok(built.length > 0);
  assert.deepEqual(
    built,
    read.map(({ path, message }) => [path, message]),
  );
});

test('there is a builder for every kind, of its newest version, and none leaves a field of the spec to metadata', () => {
  for (const { kind, group, versions, schema } of KINDS) {
    const name = `${kind[0]!.toLowerCase()}${kind.slice(1)}`;
    const build = (builders as Readonly<Record<string, unknown>>)[name] as (of: object) => Resource;
    const { apiVersion, metadata, spec } = build({ name: 'a', namespace: 'b', annotations: { c: 'd' } });
    assert.equal(apiVersion, group === '' ? versions[0] : `${group}/${versions[0]}`);
    assert.deepEqual([metadata, spec], [{ name: 'a', namespace: 'b', annotations: { c: 'd' } }, {}]);
    const fields = Object.keys((schema as unknown as { readonly shape: object }).shape);
    const taken = ['name', 'namespace', 'annotations', ...(kind === 'WorkloadEntry' ? [] : ['labels'])];
    assert.deepEqual(
      fields.filter((field) => taken.includes(field)),
      [],
      kind,
    );
  }
});

test('the labels of a WorkloadEntry are those of the endpoint', () => {
  const { metadata, spec } = workloadEntry({ name: 'a', address: '10.0.0.1', labels: { app: 'a' } });
  assert.deepEqual([metadata.labels, spec], [undefined, { address: '10.0.0.1', labels: { app: 'a' } }]);
});

test('what is not in the language does not compile', () => {
  const wrong = () => [
    // @ts-expect-error: misspelt
    virtualService({ name: 'a', host: ['a'] }),
    // @ts-expect-error: misspelt, deep inside
    virtualService({ name: 'a', http: [{ route: [{ destination: { hots: 'a' } }] }] }),
    // @ts-expect-error: missing
    virtualService({ name: 'a', http: [{ route: [{ destination: { subset: 'a' } }] }] }),
    // @ts-expect-error: no such word
    destinationRule({ name: 'a', host: 'a', trafficPolicy: { loadBalancer: { simple: 'ROUNDROBIN' } } }),
    // @ts-expect-error: a number is no duration
    virtualService({ name: 'a', http: [{ timeout: 5 }] }),
    // @ts-expect-error: a host is needed
    destinationRule({ name: 'a' }),
    // @ts-expect-error: a name is needed
    gateway({}),
    // @ts-expect-error: one list, not one host
    gateway({ name: 'a', servers: [{ hosts: 'a' }] }),
  ];
  assert.equal(wrong().length, 8);
});
