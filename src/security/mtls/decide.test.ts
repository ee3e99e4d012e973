import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideConnection, decideTls, mtlsModeFor } from './decide.js';
import type { MtlsMode } from './policy.js';

test("a port's own mode stands over the workload's", () => {
  const inbound = { mtls: { mode: 'STRICT', ports: { 8080: 'DISABLE' } } } as const;
  assert.equal(mtlsModeFor(inbound, 8080), 'DISABLE');
  assert.equal(mtlsModeFor(inbound, 9080), 'STRICT');
});

test('a connection is judged by its first byte, as the mode allows', () => {
  const table: [MtlsMode, tls: string, plain: string][] = [
    ['STRICT', 'tls', 'refuse'],
    ['PERMISSIVE', 'tls', 'plain'],
    ['DISABLE', 'plain', 'plain'],
  ];
  for (const [mode, tls, plain] of table) {
    assert.equal(decideConnection(mode, true), tls, mode);
    assert.equal(decideConnection(mode, false), plain, mode);
  }
});

test('auto asks the endpoint, mesh insists, and no other mode shows our identity', () => {
  for (const mtls of [true, false]) {
    assert.equal(decideTls({ mode: 'auto' }, { mtls }), mtls);
    assert.equal(decideTls({ mode: 'mesh' }, { mtls }), true);
    for (const mode of ['disable', 'simple', 'mutual']) assert.equal(decideTls({ mode }, { mtls }), false);
  }
});
