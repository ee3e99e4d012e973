import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompiledCors, decideCors } from './cors.js';
import type { CorsPolicy } from './policy.js';

const POLICY: CorsPolicy = {
  allowOrigins: [{ exact: 'https://a.example' }, { regex: 'https://.*\\.b\\.example' }],
  allowMethods: ['GET', 'POST'],
  allowHeaders: ['x-a'],
  exposeHeaders: ['x-b'],
  maxAgeSeconds: 60,
  allowCredentials: true,
  unmatchedPreflights: 'FORWARD',
};

function decide(policy: CorsPolicy, method: string, headers: Record<string, string>) {
  return decideCors(new CompiledCors(policy), method, headers);
}

const PREFLIGHT = { 'access-control-request-method': 'GET' };

test('a request without origin is none of our business', () => {
  assert.equal(decide(POLICY, 'OPTIONS', PREFLIGHT), null);
});

test('a matching preflight is answered with the whole policy', () => {
  assert.deepEqual(decide(POLICY, 'OPTIONS', { origin: 'https://x.b.example', ...PREFLIGHT }), {
    kind: 'preflight',
    headers: {
      'access-control-allow-origin': 'https://x.b.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'x-a',
      'access-control-max-age': '60',
    },
  });
});

test('a preflight from elsewhere is forwarded, or answered bare when policy says IGNORE', () => {
  const headers = { origin: 'https://evil.example', ...PREFLIGHT };
  assert.equal(decide(POLICY, 'OPTIONS', headers), null);
  assert.deepEqual(decide({ ...POLICY, unmatchedPreflights: 'IGNORE' }, 'OPTIONS', headers), {
    kind: 'preflight',
    headers: {},
  });
});

test('the response to an actual request gets origin, credentials and exposed headers', () => {
  assert.deepEqual(decide(POLICY, 'GET', { origin: 'https://a.example' }), {
    kind: 'actual',
    headers: {
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-b',
    },
  });
  assert.equal(decide(POLICY, 'GET', { origin: 'https://evil.example' }), null);
});

const ORIGINS: readonly [
  what: string,
  allow: CorsPolicy['allowOrigins'],
  origin: string,
  allowed: boolean,
][] = [
  ['exact', [{ exact: 'https://a' }], 'https://a', true],
  ['exact asks for the case', [{ exact: 'https://A' }], 'https://a', false],
  ['exact *', [{ exact: '*' }], 'https://a', true],
  ['prefix', [{ prefix: 'https://a' }], 'https://a.evil', true],
  ['a prefix that a literal * has', [{ prefix: '*' }], 'https://a', true],
  ['an empty prefix', [{ prefix: '' }], 'https://a', true],
  ['regex is the whole origin', [{ regex: 'https://a' }], 'https://a.evil', false],
  ['a regex that takes a literal *', [{ regex: '.?' }], 'https://a', true],
  ['any of several', [{ exact: 'x' }, { exact: 'https://a' }], 'https://a', true],
  ['an entry that asks for nothing counts for nothing', [{ present: true }], 'https://a', false],
  ['no entry', [], 'https://a', false],
  ['an origin that is null', [{ exact: 'null' }], 'null', true],
];
for (const [what, allowOrigins, origin, allowed] of ORIGINS)
  test(`origins: ${what}`, () =>
    assert.equal(decide({ ...POLICY, allowOrigins }, 'GET', { origin })?.kind === 'actual', allowed));

test('what is empty or false is not sent', () => {
  const bare: CorsPolicy = {
    ...POLICY,
    allowMethods: [],
    allowHeaders: [],
    exposeHeaders: [],
    maxAgeSeconds: null,
    allowCredentials: false,
  };
  const headers = { 'access-control-allow-origin': 'https://a.example' };
  const origin = 'https://a.example';
  assert.deepEqual(decide(bare, 'OPTIONS', { origin, ...PREFLIGHT }), { kind: 'preflight', headers });
  assert.deepEqual(decide(bare, 'GET', { origin }), { kind: 'actual', headers });
});

test('OPTIONS without a method that is asked for is a request like any other', () => {
  const origin = 'https://a.example';
  assert.equal(decide(POLICY, 'OPTIONS', { origin })?.kind, 'actual');
  assert.equal(decide(POLICY, 'OPTIONS', { origin, 'access-control-request-method': '' })?.kind, 'actual');
});
