import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TlsSessions } from './sessions.js';

const session = (byte: number) => ({
  ticket: Buffer.of(byte),
  certificate: Buffer.of(0),
  chain: [],
  notAfter: 1,
});

test('the session that was used longest ago makes room', () => {
  const sessions = new TlsSessions(2);
  sessions.put('a', session(1), 0);
  sessions.put('b', session(2), 0);
  sessions.get('a');
  sessions.put('c', session(3), 0);
  assert.equal(sessions.get('b'), undefined);
  assert.deepEqual(sessions.get('a'), session(1));
  assert.equal(sessions.size, 2);
  sessions.drop('a');
  assert.equal(sessions.get('a'), undefined);
});

test('a session that arrives on a connection from before the change is not kept', () => {
  const sessions = new TlsSessions();
  const { generation } = sessions;
  sessions.put('a', session(1), generation);
  sessions.clear();
  assert.equal(sessions.size, 0);
  sessions.put('a', session(1), generation);
  assert.equal(sessions.size, 0);
  sessions.put('a', session(1), sessions.generation);
  assert.equal(sessions.size, 1);
});
