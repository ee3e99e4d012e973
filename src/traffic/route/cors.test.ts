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

test('exact * allows every origin', () => {
  const policy: CorsPolicy = { ...POLICY, allowOrigins: [{ exact: '*' }] };
  assert.equal(decide(policy, 'GET', { origin: 'https://any.example' })?.kind, 'actual');
});
