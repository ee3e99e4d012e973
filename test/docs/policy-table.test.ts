/** `docs/policy.md` says what is true: of every field there is, and of what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, parseResources, validateResource } from 'heddle/policy';
import { read } from './markdown.js';
import { fieldsOf } from './policy-fields.js';
import { NOTES, noteOf, notePath } from './policy-notes.js';

test('every field of every kind is described, and no description is left over', () => {
  for (const { kind, schema } of KINDS) {
    const fields = fieldsOf(schema);
    const used = new Set(fields.map(({ path, as }) => (as === undefined ? notePath(kind, path) : path)));
    for (const field of fields) noteOf(kind, field);
    assert.deepEqual(
      Object.keys(NOTES[kind]!).filter((path) => !used.has(path)),
      [],
      kind,
    );
  }
  assert.deepEqual(Object.keys(NOTES).sort(), KINDS.map(({ kind }) => kind).sort());
});

test('the page has a table for every kind', () => {
  const page = read('docs/policy.md');
  for (const { kind } of KINDS) assert.ok(page.includes(`<!-- generated policy-${kind} -->`), kind);
});

test('what the schema parses only to refuse is described as refused', () => {
  for (const { kind, schema } of KINDS)
    for (const field of fieldsOf(schema))
      if (field.refused) assert.equal(noteOf(kind, field).supported, 'no', `${kind} ${field.path}`);
});

/** A value for each field that is described as refused; the rest of the document is right. */
const REFUSED: Readonly<Record<string, string>> = {
  'VirtualService http[].delegate': '{ name: other }',
  'VirtualService http[].retries.retryRemoteLocalities': 'true',
  'VirtualService http[].fault.delay.exponentialDelay': '1s',
  'VirtualService http[].fault.abort.http2Error': 'NO_ERROR',
  'VirtualService tls': '[{ match: [{ sniHosts: [a] }] }]',
  'VirtualService tcp': '[{ route: [] }]',
  'DestinationRule trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes':
    '[{ name: a, value: b }]',
  'DestinationRule trafficPolicy.loadBalancer.localityLbSetting': '{ enabled: true }',
  'DestinationRule trafficPolicy.loadBalancer.zoneAwareLbSetting': '{ enabled: true }',
  'DestinationRule trafficPolicy.loadBalancer.backendUtilization': '{ weightUpdatePeriod: 1s }',
  'DestinationRule trafficPolicy.retryBudget.budgetInterval': '1s',
  'DestinationRule trafficPolicy.connectionPool.tcp.tcpKeepalive': '{ time: 1s }',
  'DestinationRule trafficPolicy.connectionPool.tcp.maxConnectionDuration': '1s',
  'DestinationRule trafficPolicy.connectionPool.http.useClientProtocol': 'true',
  'DestinationRule trafficPolicy.connectionPool.http.maxConcurrentStreams': '10',
  'DestinationRule trafficPolicy.connectionPool.http.http2KeepAlive': '{ interval: 1s }',
  'DestinationRule trafficPolicy.outlierDetection.outlierDetectionHttpErrorCodes': '[]',
  'DestinationRule trafficPolicy.tls.credentialName': 'secret',
  'DestinationRule trafficPolicy.tls.caCrl': 'crl.pem',
  'DestinationRule trafficPolicy.tunnel': '{ targetHost: a, targetPort: 1 }',
  'DestinationRule trafficPolicy.proxyProtocol': '{ version: V2 }',
  'ServiceEntry workloadSelector': '{ labels: { app: a } }',
  RequestAuthentication: '',
  'AuthorizationPolicy provider': '{ name: opa }',
};

test('there is a sample of everything that is described as refused', () => {
  const described = Object.entries(NOTES).flatMap(([kind, notes]) =>
    Object.entries(notes)
      .filter(([, { supported }]) => supported === 'no')
      .map(([path]) => `${kind} ${path}`.trim()),
  );
  assert.deepEqual(Object.keys(REFUSED).sort(), described.sort());
});

for (const [field, value] of Object.entries(REFUSED))
  test(`refused, as described: ${field}`, () => {
    const [kind, path = ''] = field.split(' ');
    const definition = KINDS.find((one) => one.kind === kind)!;
    const spec = path === '' ? '{}' : inFlow(path.split('.'), value);
    const text = `apiVersion: ${definition.group}/v1\nkind: ${kind}\nmetadata: { name: sample }\nspec: ${spec}\n`;
    const { resources } = parseResources([{ file: 'sample.yaml', text }]);
    assert.equal(resources.length, 1, text);
    const place = path === '' ? 'spec' : `spec.${path.replaceAll('[]', '[0]')}`;
    const messages = validateResource(resources[0]!);
    assert.ok(
      messages.some((message) => message.level === 'error' && message.path.startsWith(place)),
      `${text}\n${messages.map((message) => `${message.path}: ${message.message}`).join('\n')}`,
    );
  });

/** `http[].fault` as `{ http: [{ fault: VALUE }] }`, in YAML's flow style. */
function inFlow([first, ...rest]: readonly string[], value: string): string {
  const inner = rest.length === 0 ? value : inFlow(rest, value);
  const list = first!.endsWith('[]');
  const host = first === 'trafficPolicy' ? 'host: a, ' : '';
  return `{ ${host}${first!.replace('[]', '')}: ${list ? `[${inner}]` : inner} }`;
}
