import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../base/testing.js';
import { type FirstBytes, peek, sortBytes } from './peek.js';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** Handshakes, prefaces whole, cut and changed, requests, and noise. */
const firstBytes = fc.oneof(
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ maxLength: 32 }).map((rest) => Buffer.from([0x16, ...rest])),
  fc
    .tuple(fc.nat(PREFACE.length), fc.uint8Array({ maxLength: 8 }))
    .map(([length, rest]) => Buffer.concat([Buffer.from(PREFACE.slice(0, length)), rest])),
  fc
    .tuple(fc.nat(PREFACE.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, flip]) => Buffer.from(PREFACE, 'latin1').map((byte, i) => (i === at ? byte ^ flip : byte)))
    .map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom('GET / HTTP/1.1\r\n\r\n', 'PROPFIND / HTTP/1.1\r\n\r\n', '')
    .map((text) => Buffer.from(text)),
);
const RUNS = { seed: 2026, numRuns: 400 } as const;

/** One end of a connection, whose bytes come when a test says so. */
function pipe(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a first byte of TLS is TLS, a whole preface is HTTP/2, a beginning of one is waited for, and all else is neither', () => {
  fc.assert(
    fc.property(firstBytes, (bytes) => {
      const text = bytes.toString('latin1');
      const expected =
        bytes[0] === 0x16
          ? 'tls'
          : text.startsWith(PREFACE)
            ? 'http2'
            : PREFACE.startsWith(text)
              ? 'more'
              : 'other';
      assert.equal(sortBytes(bytes), expected);
    }),
    RUNS,
  );
});

test('however the first bytes are cut, the answer is the same, comes once, and whoever reads next gets every byte', async () => {
  const cut = fc.tuple(firstBytes, fc.array(fc.nat(64), { maxLength: 6 }));
  await fc.assert(
    fc.asyncProperty(cut, async ([bytes, places]) => {
      const clock = new FakeClock();
      const socket = pipe();
      const answers: FirstBytes[] = [];
      peek(socket as Socket, { clock, timeoutMs: 1, done: (first) => answers.push(first) });
      const edges = [0, ...places.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length];
      for (const [i, from] of edges.slice(0, -1).entries()) {
        const part = bytes.subarray(from, edges[i + 1]);
        if (part.length > 0) socket.push(part);
        await turn();
      }
      clock.advance(1);
      await turn();
      const whole = sortBytes(bytes);
      assert.deepEqual(answers, [whole === 'more' ? 'silent' : whole]);
      assert.equal(clock.pending, 0);
      let read = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => (read = Buffer.concat([read, chunk])));
      socket.resume();
      await turn();
      assert.deepEqual(read, bytes);
      socket.destroy();
    }),
    { ...RUNS, numRuns: 200 },
  );
});

test('a caller that ends or breaks off before it has said what it speaks leaves no timer and no listener behind', async () => {
  for (const [how, expected] of [
    ['ends', ['ended']],
    ['breaks off', []],
  ] as const) {
    const clock = new FakeClock();
    const socket = pipe();
    const answers: FirstBytes[] = [];
    peek(socket as Socket, { clock, timeoutMs: 1, done: (first) => answers.push(first) });
    socket.push(Buffer.from(PREFACE.slice(0, 7)));
    await turn();
    if (how === 'ends') socket.push(null);
    else socket.destroy();
    await turn();
    await turn();
    assert.deepEqual(answers, expected, how);
    assert.equal(clock.pending, 0, how);
    if (how === 'ends') assert.equal(socket.listenerCount('data'), 0);
    socket.destroy();
  }
});

test('bytes that were there while the process was busy for longer than the time are not taken for silence', async () => {
  const clock = new FakeClock();
  const socket = pipe();
  const answers: FirstBytes[] = [];
  peek(socket as Socket, { clock, timeoutMs: 1_000, done: (first) => answers.push(first) });
  // Node tells of timers first, then of what has come.
  clock.advance(5_000);
  socket.push(Buffer.from([0x16, 0x03]));
  await turn();
  await turn();
  assert.deepEqual(answers, ['tls']);
  const silent = pipe();
  peek(silent as Socket, { clock, timeoutMs: 1_000, done: (first) => answers.push(first) });
  clock.advance(1_000);
  await turn();
  assert.deepEqual(answers, ['tls', 'silent']);
});
