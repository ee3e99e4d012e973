/** The security kinds: validation.md §7 as a table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResources } from '../parse.js';
import { validateResource } from '../validate.js';

function findings(kind: string, spec: string, metadata = 'name: p'): string[] {
  const text = `apiVersion: security.istio.io/v1\nkind: ${kind}\nmetadata: { ${metadata} }\nspec: ${spec}\n`;
  const { resources, messages } = parseResources([{ file: 'f.yaml', text }]);
  return [...messages, ...resources.flatMap(validateResource)].map(
    ({ level, path }) => `${level === 'error' ? 'E' : 'W'} ${path}`,
  );
}

const authorization = (spec: string, metadata?: string) => findings('AuthorizationPolicy', spec, metadata);
const from = (source: string, action = 'ALLOW') =>
  authorization(`{ action: ${action}, rules: [{ from: [{ source: ${source} }] }] }`);
const to = (operation: string) => authorization(`{ rules: [{ to: [{ operation: ${operation} }] }] }`);
const when = (condition: string) => authorization(`{ rules: [{ when: [${condition}] }] }`);

const SOURCE = 'spec.rules[0].from[0].source';
const OPERATION = 'spec.rules[0].to[0].operation';
const WHEN = 'spec.rules[0].when[0]';

test('right policies have no findings', () => {
  for (const spec of [
    '{}',
    '{ rules: [{}] }',
    '{ action: DENY, rules: [{}] }',
    '{ action: AUDIT, rules: [{ to: [{ operation: { paths: ["/a/{*}", "/b/{**}", "*", "/c*"], notMethods: [POST] } }] }] }',
    '{ selector: { matchLabels: { app: a } }, rules: [{ from: [{ source: { ipBlocks: [10.0.0.0/8, "::1"], namespaces: [a] } }] }] }',
    '{ rules: [{ from: [{ source: { serviceAccounts: [a, b/c], trustDomains: ["*.x", "y*", "*"] } }] }] }',
    '{ rules: [{ when: [{ key: "request.headers[x]", values: [a] }, { key: "request.auth.claims[a][b]", notValues: [c] }] }] }',
    '{ action: DENY, rules: [{ to: [{ operation: { paths: [/x], ports: ["80"] } }] }] }',
  ])
    assert.deepEqual(authorization(spec), [], spec);
  assert.deepEqual(findings('PeerAuthentication', '{ mtls: { mode: STRICT } }'), []);
  const ports = '{ selector: { matchLabels: { app: a } }, portLevelMtls: { 8080: { mode: DISABLE } } }';
  assert.deepEqual(findings('PeerAuthentication', ports), []);
});

test('a PeerAuthentication with ports needs a selector, some ports, and real ones', () => {
  const table: [spec: string, found: string[]][] = [
    ['{ portLevelMtls: { 80: { mode: STRICT } } }', ['E spec.portLevelMtls']],
    ['{ selector: { matchLabels: { a: b } }, portLevelMtls: {} }', ['E spec.portLevelMtls']],
    ['{ selector: { matchLabels: { a: b } }, portLevelMtls: { 0: {} } }', ['E spec.portLevelMtls.0']],
    ['{ selector: { matchLabels: { a: b } }, portLevelMtls: { 70000: {} } }', ['E spec.portLevelMtls.70000']],
    ['{ selector: { matchLabels: { a: "*" } } }', ['E spec.selector.matchLabels.a']],
    ['{ selector: {} }', ['W spec.selector']],
    ['{ mtls: { mode: ON } }', ['E spec.mtls.mode']],
    ['{ mtls: { mod: STRICT } }', ['E spec.mtls.mod']],
  ];
  for (const [spec, found] of table) assert.deepEqual(findings('PeerAuthentication', spec), found, spec);
});

test('each wrong value of a rule is found where it stands', () => {
  const table: [found: string[], expected: string[]][] = [
    [from('{}'), [`E ${SOURCE}`]],
    [authorization('{ rules: [{ from: [] }] }'), ['E spec.rules[0].from']],
    [authorization('{ rules: [{ to: [] }] }'), ['E spec.rules[0].to']],
    [authorization('{ rules: [{ from: [{}] }] }'), [`E ${SOURCE}`]],
    [to('{}'), [`E ${OPERATION}`]],
    [from('{ principals: [""] }'), [`E ${SOURCE}.principals[0]`]],
    [from('{ principals: ["spiffe://a/ns/b/sa/c"] }'), [`W ${SOURCE}.principals[0]`]],
    [from('{ ipBlocks: [10.0.0.0/8, 10.0.0] }'), [`E ${SOURCE}.ipBlocks[1]`]],
    [from('{ notRemoteIpBlocks: [x] }'), [`E ${SOURCE}.notRemoteIpBlocks[0]`]],
    [
      from('{ trustDomains: ["a*b", "*a*", "a/b"] }'),
      [0, 1, 2].map((at) => `E ${SOURCE}.trustDomains[${at}]`),
    ],
    [
      from('{ serviceAccounts: ["a*", "a/b/c", "/a"] }'),
      [0, 1, 2].map((at) => `E ${SOURCE}.serviceAccounts[${at}]`),
    ],
    [from(`{ serviceAccounts: [${'a, '.repeat(17)}] }`), [`E ${SOURCE}.serviceAccounts`]],
    [from(`{ serviceAccounts: [${'a'.repeat(321)}] }`), [`E ${SOURCE}.serviceAccounts[0]`]],
    [from('{ serviceAccounts: [a], namespaces: [b] }'), [`E ${SOURCE}.serviceAccounts`]],
    [to('{ ports: ["65536"] }'), [`E ${OPERATION}.ports[0]`]],
    [to('{ ports: [80] }'), [`E ${OPERATION}.ports[0]`]],
    [to('{ paths: ["/{**}/{*}"] }'), [`E ${OPERATION}.paths[0]`]],
    [to('{ notPaths: ["/a{*}"] }'), [`E ${OPERATION}.notPaths[0]`]],
    [to('{ paths: ["/a?b=c"] }'), [`W ${OPERATION}.paths[0]`]],
    [to('{ paths: ["a/{*}"] }'), [`E ${OPERATION}.paths[0]`]],
    [to('{ path: [/a] }'), [`E ${OPERATION}.path`]],
    [when('{ key: "", values: [a] }'), [`E ${WHEN}.key`]],
    [when('{ key: source.ip }'), [`E ${WHEN}`]],
    [when('{ key: source.ip, values: [x] }'), [`E ${WHEN}.values[0]`]],
    [when('{ key: source.user, values: [x] }'), [`E ${WHEN}.key`]],
    [when('{ key: weather, values: [x] }'), [`E ${WHEN}.key`]],
    [when('{ key: request.headers, values: [x] }'), [`E ${WHEN}.key`]],
    [when('{ key: "request.headers[a][b]", values: [x] }'), [`E ${WHEN}.key`]],
    [when('{ key: request.path, values: [x] }'), [`E ${WHEN}.key`]],
  ];
  for (const [index, [found, expected]] of table.entries()) assert.deepEqual(found, expected, `row ${index}`);
});

test('actions, providers, targets and dry runs are checked as a whole', () => {
  const table: [found: string[], expected: string[]][] = [
    [authorization('{ action: DENY }'), ['E spec.rules']],
    [authorization('{ action: DENY, rules: [] }'), ['E spec.rules']],
    [authorization('{ action: REFUSE }'), ['E spec.action']],
    [authorization('{ provider: { name: x } }'), ['E spec.provider']],
    [authorization('{ action: CUSTOM }'), ['E spec.provider', 'E spec.rules']],
    [
      authorization(
        '{ action: CUSTOM, provider: { name: x }, rules: [{ from: [{ source: { notPrincipals: [a] } }] }] }',
      ),
      [`E ${SOURCE}.notPrincipals`],
    ],
    [
      authorization(
        '{ selector: { matchLabels: { a: b } }, targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: g }] }',
      ),
      ['E spec.selector', 'W spec.targetRefs[0]'],
    ],
    [
      authorization('{ targetRefs: [{ kind: Pod, namespace: x }] }'),
      ['name', 'namespace', 'kind']
        .map((field) => `E spec.targetRefs[0].${field}`)
        .concat('W spec.targetRefs[0]'),
    ],
    [
      authorization('{}', 'name: p, annotations: { istio.io/dry-run: "yes" }'),
      ['E metadata.annotations.istio.io/dry-run'],
    ],
    [authorization('{}', 'name: p, annotations: { istio.io/dry-run: "true" }'), []],
    [
      authorization('{ action: AUDIT, rules: [{}] }', 'name: p, annotations: { istio.io/dry-run: "true" }'),
      ['E metadata.annotations.istio.io/dry-run'],
    ],
  ];
  for (const [index, [found, expected]] of table.entries()) assert.deepEqual(found, expected, `row ${index}`);
});

test('a DENY rule of HTTP fields only is warned about, since it denies all TCP', () => {
  const deny = (rule: string) => authorization(`{ action: DENY, rules: [${rule}] }`);
  assert.deepEqual(deny('{ to: [{ operation: { paths: [/a] } }] }'), ['W spec.rules[0]']);
  assert.deepEqual(deny('{ from: [{ source: { requestPrincipals: [a] } }] }'), ['W spec.rules[0]']);
  assert.deepEqual(deny('{ from: [{ source: { trustDomains: [a] } }] }'), ['W spec.rules[0]']);
  assert.deepEqual(deny('{ from: [{ source: { namespaces: [a] } }] }'), []);
  assert.deepEqual(deny('{ to: [{ operation: { paths: [/a], ports: ["80"] } }] }'), []);
});

test('findings about tokens are where the mistake is', () => {
  const rule = (text: string) => findings('RequestAuthentication', `{ jwtRules: [${text}] }`);
  const at = (field: string) => [`E spec.jwtRules[0].${field}`];
  assert.deepEqual(findings('RequestAuthentication', '{ jwtRule: [] }'), ['E spec.jwtRule']);
  assert.deepEqual(rule('{ issuer: x, jwksUri: "https://x" }'), []);
  assert.deepEqual(rule('{ issuer: x, jwksUri: "ftp://x" }'), at('jwksUri'));
  assert.deepEqual(rule('{ issuer: x, jwks: "{}" }'), at('jwks'));
  assert.deepEqual(rule('{ issuer: "https://x", audiences: [a, ""] }'), at('audiences[1]'));
  assert.deepEqual(rule('{ issuer: "https://x", timeout: 1us }'), at('timeout'));
  assert.deepEqual(rule('{ issuer: "https://x", outputPayloadToHeader: host }'), at('outputPayloadToHeader'));
  assert.deepEqual(rule('{ issuer: someone@example.com }'), ['W spec.jwtRules[0].issuer']);
});
