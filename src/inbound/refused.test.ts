import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../base/testing.js';
import { Refused } from './refused.js';

test('every refused connection is counted, but one reason gets one line a second', () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const events: unknown[] = [];
  const telemetry = { event: (name: string, attributes: object) => events.push({ name, ...attributes }) };
  const refused = new Refused({ clock, telemetry, warn: (line) => lines.push(line) });
  const one = { reason: 'CERT_HAS_EXPIRED', port: 8080, address: '10.0.0.1' };
  for (let count = 0; count < 100; count += 1) refused.add(one);
  refused.add({ ...one, reason: 'NOT_AN_SVID', because: 'it has no URI name' });
  clock.advance(1_000);
  refused.add(one);
  assert.equal(events.length, 102);
  assert.deepEqual(events[0], { name: 'connection.refused', reason: 'CERT_HAS_EXPIRED', port: 8080 });
  assert.deepEqual(lines, [
    'refused a connection from 10.0.0.1 to port 8080: CERT_HAS_EXPIRED',
    'refused a connection from 10.0.0.1 to port 8080: NOT_AN_SVID: it has no URI name',
    'refused a connection from 10.0.0.1 to port 8080: CERT_HAS_EXPIRED (and 99 before it)',
  ]);
});
