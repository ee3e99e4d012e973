import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lines } from './lines.js';
import { readMessage } from './messages.js';

const HELLO = {
  type: 'hello',
  protocol: 1,
  workload: {
    namespace: 'default',
    serviceAccount: 'reviews',
    service: 'reviews',
    name: 'r',
    labels: { app: 'r' },
  },
  hosts: ['*'],
  have: { mesh: 'v' },
  revision: 3,
  listeners: [
    {
      ...{ service: 'reviews', servicePort: 9080, portName: 'http', protocol: 'HTTP' },
      ...{ address: '::1', port: 8001, mtls: true },
    },
  ],
  certificateExpiresAt: null,
};

test('every message of the protocol is read as it was written', () => {
  for (const message of [
    HELLO,
    { type: 'listen', listeners: HELLO.listeners },
    { type: 'accepted', revision: 3 },
    { type: 'refused', revision: 3, because: ['a', 'b'] },
    { type: 'certificate', expiresAt: 1 },
    { type: 'certificate', expiresAt: 1, overdue: { stage: 'half', because: 'x' } },
    { ...HELLO, overdue: { stage: 'expired', because: 'x' } },
    { type: 'ping' },
  ]) {
    assert.deepEqual(readMessage(JSON.stringify(message)), { ok: true, message });
  }
});

test('a message of the wrong shape is refused with the field that is wrong', () => {
  for (const [change, field] of [
    [{ protocol: '1' }, /protocol/],
    [{ revision: -1 }, /revision/],
    [{ hosts: 'all' }, /hosts/],
    [{ have: { mesh: 1 } }, /have/],
    [{ workload: { ...HELLO.workload, namespace: '../x' } }, /namespace/],
    [{ workload: { ...HELLO.workload, service: 'reviews.other.svc.cluster.local' } }, /service/],
    [{ listeners: [{ ...HELLO.listeners[0], port: 0 }] }, /port/],
    [{ listeners: [{ ...HELLO.listeners[0], address: 'a b' }] }, /address/],
    [{ workload: { ...HELLO.workload, name: 'x'.repeat(2_000) } }, /name/],
    [{ listeners: [{ ...HELLO.listeners[0], address: 'a'.repeat(256) }] }, /address/],
    [{ overdue: { stage: 'soon', because: 'x' } }, /overdue\.stage/],
    [{ overdue: { stage: 'half', because: 1 } }, /overdue\.because/],
    [{ overdue: 'half' }, /overdue/],
    [{ listeners: Array(101).fill(HELLO.listeners[0]) }, /listeners/],
    [{ workload: { ...HELLO.workload, labels: { app: 'x'.repeat(318) } } }, /labels/],
    [{ workload: { ...HELLO.workload, labels: labels(101) } }, /labels/],
  ] as const) {
    const read = readMessage(JSON.stringify({ ...HELLO, ...change }));
    assert.ok(!read.ok);
    assert.match(read.because, field);
  }
});

function labels(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`label-${index}`, 'x']));
}

test('no line at all makes the reader throw', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc.object().map((value) => JSON.stringify({ ...HELLO, ...value })),
  );
  fc.assert(fc.property(anything, (line) => typeof readMessage(line).ok === 'boolean'));
});

test('lines are the same however their bytes are cut up', () => {
  const text = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'é', '€', '{', ' ') }).map((line) => line.trim()),
  );
  fc.assert(
    fc.property(text, fc.array(fc.nat(12)), (wanted, cuts) => {
      const bytes = Buffer.from(wanted.map((line) => `${line}\n`).join(''));
      const lines = new Lines(1_000_000);
      const got: string[] = [];
      let from = 0;
      for (const cut of [...cuts, bytes.length]) {
        got.push(...lines.push(bytes.subarray(from, from + cut))!);
        from += cut;
      }
      assert.deepEqual(
        got,
        wanted.filter((line) => line !== ''),
      );
    }),
  );
});

test('a line that is longer than allowed is noticed before it ends', () => {
  const lines = new Lines(10);
  assert.deepEqual(lines.push(Buffer.from('0123456789\n01234')), ['0123456789']);
  assert.deepEqual(lines.push(Buffer.from('56789')), []);
  assert.equal(lines.push(Buffer.from('x')), undefined);
});
