import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Clock } from '../../base/clock.js';
import { SocketLike } from './socket-like.js';

/** Time that goes when the test says so. */
class TestClock implements Clock {
  #now = 0;
  #timers: { at: number; fire: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now;
  }

  after(delayMs: number, fire: () => void) {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((one) => one !== timer)) };
  }

  get pending(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { fire } of due) fire();
  }
}

class Line extends SocketLike {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    this.touch();
    done();
  }
}

function line() {
  const clock = new TestClock();
  const socket = new Line(clock);
  let timeouts = 0;
  socket.on('timeout', () => {
    timeouts += 1;
  });
  return { clock, socket, timeouts: () => timeouts };
}

test('timeout is emitted after silence, once, and again after something went by', () => {
  const { clock, socket, timeouts } = line();
  socket.setTimeout(100);
  clock.advance(60);
  socket.write('x');
  clock.advance(60);
  assert.equal(timeouts(), 0);
  clock.advance(40);
  assert.equal(timeouts(), 1);
  clock.advance(1_000);
  assert.equal(timeouts(), 1);
  socket.write('x');
  clock.advance(100);
  assert.equal(timeouts(), 2);
});

test('a timeout of zero, and the end of the connection, leave no timer', async () => {
  const { clock, socket, timeouts } = line();
  const listener = () => assert.fail('it was taken back');
  socket.setTimeout(100, listener);
  assert.equal(socket.timeout, 100);
  socket.setTimeout(0, listener);
  assert.equal(clock.pending, 0);
  socket.setTimeout(100);
  socket.destroy();
  await once(socket, 'close');
  assert.equal(clock.pending, 0);
  socket.setTimeout(100);
  clock.advance(200);
  assert.equal(timeouts(), 0);
});

test('destroySoon ends first', async () => {
  const { socket } = line();
  socket.write('x');
  const finished = once(socket, 'finish');
  socket.destroySoon();
  assert.equal(socket.writable, false);
  await finished;
  assert.equal(socket.destroyed, true);
});

test('what tunes a socket does nothing, and says that it did', () => {
  const { socket } = line();
  assert.equal(socket.setNoDelay().setKeepAlive().ref().unref(), socket);
  assert.deepEqual(socket.address(), {});
  assert.equal(socket.connecting, false);
});
