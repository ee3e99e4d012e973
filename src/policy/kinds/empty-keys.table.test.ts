import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found } from './found.test.helper.js';

/** What is said of a map whose key is `""`: by the kind, as Istio says it, and with a place. */
const ROWS: readonly [kind: string, spec: string, said: string][] = [
  [
    'Telemetry',
    '{ metrics: [{ overrides: [{ tagOverrides: { "": { operation: REMOVE } } }] }] }',
    'warning IST0133 spec.metrics[0].overrides[0].tagOverrides[""]',
  ],
  [
    'Telemetry',
    '{ tracing: [{ customTags: { "": { literal: { value: x } } } }] }',
    'error IST0106 spec.tracing[0].customTags[""]',
  ],
  [
    'PeerAuthentication',
    '{ selector: { matchLabels: { "": x } } }',
    'error IST0106 spec.selector.matchLabels[""]',
  ],
  [
    'PeerAuthentication',
    '{ selector: { matchLabels: { a: b } }, portLevelMtls: { "": { mode: STRICT } } }',
    'error IST0106 spec.portLevelMtls[""]',
  ],
  ['WorkloadEntry', '{ address: 10.0.0.1, labels: { "": x } }', 'error IST0106 spec.labels[""]'],
  [
    'DestinationRule',
    '{ host: a, subsets: [{ name: v1, labels: { "": x } }] }',
    'error IST0106 spec.subsets[0].labels[""]',
  ],
  [
    'VirtualService',
    '{ hosts: [a], http: [{ match: [{ headers: { "": { exact: x } } }], route: [{ destination: { host: a } }] }] }',
    'error IST0106 spec.http[0].match[0].headers[""]',
  ],
  [
    'VirtualService',
    '{ hosts: [a], http: [{ headers: { request: { set: { "": x } } }, route: [{ destination: { host: a } }] }] }',
    'error IST0106 spec.http[0].headers.request.set[""]',
  ],
  ['VirtualService', '{ hosts: [a], "": 1 }', 'error IST0106 spec[""]'],
];
for (const [kind, spec, said] of ROWS)
  test(`${kind} with an empty key: ${said}`, () => {
    assert.ok(found(kind, spec).includes(said), found(kind, spec).join('\n'));
    assert.deepEqual(
      found(kind, spec).filter((line) => line.includes('HDL0001')),
      [],
    );
  });
