import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource, Scope } from '../resource.js';
import { resolveInbound } from './inbound.js';

const SCOPE: Scope = { namespace: 'shop', service: 'reviews', labels: { app: 'reviews', version: 'v1' } };
const SELECTOR = { matchLabels: { app: 'reviews' } };

function resource(kind: string, place: string, spec: unknown, creationTimestamp?: string): Resource {
  const [namespace, name] = place.split('/') as [string, string];
  const metadata = { namespace, name, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) };
  return { apiVersion: 'security.istio.io/v1', kind, metadata, spec };
}

const peer = (place: string, spec: unknown, time?: string) =>
  resource('PeerAuthentication', place, spec, time);
const authz = (place: string, spec: unknown, time?: string) =>
  resource('AuthorizationPolicy', place, spec, time);
const mtls = (resources: Resource[]) => resolveInbound(resources, SCOPE).mtls;

test('without policy a workload takes mTLS and plain text, and lets everyone in', () => {
  assert.deepEqual(resolveInbound([], SCOPE), {
    mtls: { mode: 'PERMISSIVE', ports: {} },
    authorization: [],
    pathNormalization: 'BASE',
  });
});

test('the narrower PeerAuthentication wins: mesh, then namespace, then workload', () => {
  const mesh = peer('istio-system/default', { mtls: { mode: 'STRICT' } });
  const namespace = peer('shop/default', { mtls: { mode: 'PERMISSIVE' } });
  const workload = peer('shop/reviews', { selector: SELECTOR, mtls: { mode: 'DISABLE' } });
  const others = [
    peer('other/default', { mtls: { mode: 'DISABLE' } }),
    peer('shop/ratings', { selector: { matchLabels: { app: 'ratings' } }, mtls: { mode: 'DISABLE' } }),
  ];
  assert.equal(mtls([...others, mesh]).mode, 'STRICT');
  assert.equal(mtls([namespace, ...others, mesh]).mode, 'PERMISSIVE');
  assert.equal(mtls([workload, namespace, ...others, mesh]).mode, 'DISABLE');
});

test('UNSET and an absent mode inherit', () => {
  const mesh = peer('istio-system/default', { mtls: { mode: 'STRICT' } });
  const unset = peer('shop/default', { mtls: { mode: 'UNSET' } });
  const ports = { 8080: { mode: 'DISABLE' }, 9090: { mode: 'UNSET' }, 9091: {} };
  const workload = peer('shop/reviews', { selector: SELECTOR, portLevelMtls: ports });
  assert.deepEqual(mtls([mesh, unset, workload]), {
    mode: 'STRICT',
    ports: { 8080: 'DISABLE', 9090: 'STRICT', 9091: 'STRICT' },
  });
});

test('in one scope the oldest wins, and by name among those of one age', () => {
  const strict = (name: string, time?: string) => peer(`shop/${name}`, { mtls: { mode: 'STRICT' } }, time);
  const disable = (name: string, time?: string) => peer(`shop/${name}`, { mtls: { mode: 'DISABLE' } }, time);
  assert.equal(
    mtls([strict('a', '2026-02-01T00:00:00Z'), disable('b', '2026-01-01T00:00:00Z')]).mode,
    'DISABLE',
  );
  assert.equal(mtls([disable('b'), strict('a')]).mode, 'STRICT');
  assert.equal(mtls([strict('a', '2026-02-01T00:00:00Z'), disable('b')]).mode, 'DISABLE');
  // The same instant in two zones.
  assert.equal(
    mtls([disable('b', '2026-01-01T00:00:00Z'), strict('a', '2026-01-01T01:00:00+01:00')]).mode,
    'STRICT',
  );
});

test('a PeerAuthentication with a selector in the root namespace is ignored', () => {
  assert.equal(
    mtls([peer('istio-system/x', { selector: SELECTOR, mtls: { mode: 'STRICT' } })]).mode,
    'PERMISSIVE',
  );
  const scope = { ...SCOPE, namespace: 'istio-system' };
  const own = [peer('istio-system/x', { selector: SELECTOR, mtls: { mode: 'STRICT' } })];
  assert.equal(resolveInbound(own, scope).mtls.mode, 'PERMISSIVE');
});

test('policies of the root and the own namespace apply if their selector holds', () => {
  const list = [
    authz('shop/all', {}),
    authz('shop/mine', { selector: SELECTOR, rules: [{}] }),
    authz('shop/v2', { selector: { matchLabels: { app: 'reviews', version: 'v2' } } }),
    authz('shop/gateway', { targetRefs: [{ kind: 'Gateway', name: 'g' }] }),
    authz('istio-system/everywhere', { action: 'DENY', rules: [{}] }),
    authz('istio-system/reviews', { selector: SELECTOR, action: 'AUDIT', rules: [{}] }),
    authz('other/not-here', {}),
  ];
  const names = resolveInbound(list, SCOPE).authorization.map(({ policy }) => policy);
  assert.deepEqual(names, ['istio-system/everywhere', 'istio-system/reviews', 'shop/all', 'shop/mine']);
  const moved = resolveInbound(list, SCOPE, { rootNamespace: 'other' }).authorization;
  assert.deepEqual(
    moved.map(({ policy }) => policy),
    ['other/not-here', 'shop/all', 'shop/mine'],
  );
});

test('a policy is folded into values and notValues, with service accounts in full', () => {
  const spec = {
    action: 'DENY',
    rules: [
      {
        from: [{ source: { serviceAccounts: ['a', 'b/c'], notIpBlocks: ['10.0.0.0/8'], namespaces: [] } }],
        to: [{ operation: { paths: ['/x'], notPaths: ['/x/y'] } }],
        when: [{ key: 'source.serviceAccount', notValues: ['d'] }],
      },
    ],
  };
  const [policy] = resolveInbound([authz('shop/p', spec)], SCOPE).authorization;
  assert.deepEqual(policy, {
    policy: 'shop/p',
    action: 'DENY',
    dryRun: false,
    rules: [
      {
        from: [{ serviceAccounts: { values: ['shop/a', 'b/c'] }, ipBlocks: { notValues: ['10.0.0.0/8'] } }],
        to: [{ paths: { values: ['/x'], notValues: ['/x/y'] } }],
        when: [{ key: 'source.serviceAccount', notValues: ['shop/d'] }],
      },
    ],
  });
});

test('the annotation puts a policy in dry run', () => {
  const policy = authz('shop/p', { action: 'DENY', rules: [{}] });
  const metadata = { ...policy.metadata, annotations: { 'istio.io/dry-run': 'True' } };
  assert.equal(resolveInbound([{ ...policy, metadata }], SCOPE).authorization[0]?.dryRun, true);
});

const tokens = (place: string, spec: unknown) => resource('RequestAuthentication', place, spec);

test('rules for tokens of all policies that select the workload hold together, by issuer', () => {
  const list = [
    tokens('shop/own', { jwtRules: [{ issuer: 'c', jwksUri: 'https://c', timeout: '10ms' }] }),
    tokens('shop/selected', {
      selector: SELECTOR,
      jwtRules: [{ issuer: 'a', jwks: '{}' }, { jwks_uri: 'https://x' }],
    }),
    tokens('shop/other', { selector: { matchLabels: { app: 'other' } }, jwtRules: [{ issuer: 'd' }] }),
    tokens('shop/gateway', { targetRefs: [{ kind: 'Gateway', name: 'g' }], jwtRules: [{ issuer: 'e' }] }),
    tokens('istio-system/all', { jwtRules: [{ issuer: 'b', presence: 'REQUIRED' }] }),
    tokens('other/elsewhere', { jwtRules: [{ issuer: 'f' }] }),
  ];
  const { tokens: rules } = resolveInbound(list, SCOPE);
  assert.deepEqual(
    rules?.map(({ policy, issuer, keys, required }) => [policy, issuer, keys, required]),
    [
      ['shop/selected', null, { from: 'uri', uri: 'https://x', timeoutMs: 5_000 }, false],
      ['shop/selected', 'a', { from: 'inline', jwks: '{}' }, false],
      ['istio-system/all', 'b', { from: 'issuer', issuer: 'b', timeoutMs: 5_000 }, true],
      ['shop/own', 'c', { from: 'uri', uri: 'https://c', timeoutMs: 10 }, false],
    ],
  );
});

test('a rule for tokens is complete: where it looks, what it writes, and what it takes apart', () => {
  const spec = {
    issuer: 'a',
    fromHeaders: [{ name: 'X-Jwt' }],
    fromCookies: ['c'],
    outputPayloadToHeader: 'X-Payload',
    outputClaimToHeaders: [{ header: 'X-Sub', claim: 'sub' }],
    spaceDelimitedClaims: ['roles', 'scope'],
    audiences: ['x'],
    forwardOriginalToken: true,
  };
  const [rule] = resolveInbound([tokens('shop/t', { jwtRules: [spec] })], SCOPE).tokens ?? [];
  assert.deepEqual(rule, {
    policy: 'shop/t',
    issuer: 'a',
    audiences: ['x'],
    keys: { from: 'issuer', issuer: 'a', timeoutMs: 5_000 },
    locations: [
      { in: 'header', name: 'x-jwt', prefix: '' },
      { in: 'cookie', name: 'c' },
    ],
    required: false,
    forward: true,
    payloadHeader: 'x-payload',
    claimHeaders: [{ header: 'x-sub', claim: 'sub' }],
    spaceDelimited: ['permission', 'scope', 'roles'],
  });
});

test('without rules nobody looks for tokens', () => {
  assert.equal('tokens' in resolveInbound([tokens('shop/t', {})], SCOPE), false);
});

test('a security policy of the wrong shape is refused where it applies, not left out', () => {
  assert.deepEqual(resolveInbound([authz('other/p', { rules: 'all' })], SCOPE).authorization, []);
  assert.throws(() => resolveInbound([authz('shop/p', { rules: 'all' })], SCOPE), {
    code: 'HEDDLE_INVALID_POLICY',
  });
});
