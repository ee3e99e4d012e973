import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BodyEnd, type BodyProducer, type BodySink, ResponseBody } from './response-body.js';

class Producer implements BodyProducer {
  paused = false;
  readonly aborted: Error[] = [];
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  abort(reason: Error): void {
    this.aborted.push(reason);
  }
}

class Sink implements BodySink {
  text = '';
  readonly events: string[] = [];
  /** How many more chunks are taken before it says stop. */
  room = Number.POSITIVE_INFINITY;
  onData(chunk: Uint8Array): boolean {
    this.text += Buffer.from(chunk).toString();
    this.room -= 1;
    return this.room > 0;
  }
  onEnd(): void {
    this.events.push('end');
  }
  onError(error: Error): void {
    this.events.push(error.message);
  }
}

class Owner {
  readonly ends: BodyEnd[] = [];
  bodyClosed(end: BodyEnd): void {
    this.ends.push(end);
  }
}

function make() {
  const producer = new Producer();
  const body = new ResponseBody(producer);
  const owner = new Owner();
  body.owner = owner;
  return { producer, body, owner, sink: new Sink() };
}

const bytes = (text: string) => Buffer.from(text);

test('what came before the sink is given to it first, in order, then what comes', () => {
  const { body, owner, sink } = make();
  body.push(bytes('a'));
  body.push(bytes('b'));
  body.attach(sink);
  assert.equal(sink.text, 'ab');
  body.push(bytes('c'));
  assert.deepEqual(owner.ends, []);
  body.end();
  assert.equal(sink.text, 'abc');
  assert.deepEqual(sink.events, ['end']);
  assert.deepEqual(owner.ends, ['complete']);
  assert.equal(body.bytes, 3);
});

test('a body that ended before it was read frees its owner, and can still be read', () => {
  const { body, owner, sink } = make();
  body.push(bytes('a'));
  body.end();
  assert.deepEqual(owner.ends, ['complete']);
  body.attach(sink);
  assert.deepEqual([sink.text, sink.events, owner.ends], ['a', ['end'], ['complete']]);
});

test('a body that failed before it was read frees its owner, and still tells its reader', () => {
  const { body, owner, sink } = make();
  body.push(bytes('a'));
  body.fail(new Error('lost'));
  assert.deepEqual(owner.ends, ['failed']);
  body.attach(sink);
  assert.deepEqual([sink.text, sink.events, owner.ends], ['a', ['lost'], ['failed']]);
});

test('an owner that comes after the end is told at once', () => {
  const whole = ResponseBody.of('a');
  const owner = new Owner();
  whole.owner = owner;
  assert.deepEqual(owner.ends, ['complete']);
  const { body } = make();
  body.drop(new Error('not wanted'));
  const late = new Owner();
  body.owner = late;
  assert.deepEqual(late.ends, ['dropped']);
});

test('a failure is told after what had arrived, once', () => {
  const { body, owner, sink } = make();
  body.push(bytes('a'));
  body.fail(new Error('lost'));
  body.fail(new Error('again'));
  body.end();
  body.attach(sink);
  assert.deepEqual([sink.text, sink.events, owner.ends], ['a', ['lost'], ['failed']]);
});

test('without a sink the producer is paused beyond 64 KiB, and resumed when one takes it', () => {
  const { body, producer, sink } = make();
  body.push(new Uint8Array(64 * 1024));
  assert.equal(producer.paused, false);
  body.push(new Uint8Array(1));
  assert.equal(producer.paused, true);
  body.attach(sink);
  assert.equal(producer.paused, false);
  assert.equal(sink.text.length, 64 * 1024 + 1);
});

test('a sink that says stop gets nothing until resume, and what came meanwhile then', () => {
  const { body, producer, sink, owner } = make();
  body.attach(sink);
  sink.room = 1;
  body.push(bytes('a'));
  assert.equal(producer.paused, true);
  body.push(bytes('b'));
  body.push(bytes('c'));
  body.end();
  assert.equal(sink.text, 'a');
  sink.room = 1;
  body.resume();
  assert.equal(sink.text, 'ab');
  assert.deepEqual(sink.events, []);
  sink.room = 9;
  body.resume();
  assert.deepEqual([sink.text, sink.events, owner.ends], ['abc', ['end'], ['complete']]);
});

test('resume lets a producer that is not done go on', () => {
  const { body, producer, sink } = make();
  body.attach(sink);
  sink.room = 1;
  body.push(bytes('a'));
  sink.room = 9;
  body.resume();
  assert.equal(producer.paused, false);
});

test('a drop stops the producer, frees the owner and tells the sink nothing', () => {
  const { body, producer, owner, sink } = make();
  const reason = new Error('not wanted');
  body.attach(sink);
  body.drop(reason);
  body.drop(reason);
  body.push(bytes('a'));
  body.end();
  body.resume();
  assert.deepEqual([sink.text, sink.events, owner.ends], ['', [], ['dropped']]);
  assert.deepEqual(producer.aborted, [reason]);
});

test('a drop of a body that has arrived whole leaves its producer alone', () => {
  const { body, producer, owner } = make();
  body.push(bytes('a'));
  body.end();
  body.drop(new Error('not wanted'));
  assert.deepEqual(owner.ends, ['complete']);
  assert.deepEqual(producer.aborted, []);
});

test('a sink that drops the body while it takes a chunk gets no more of it', () => {
  const { body, producer, owner } = make();
  const sink = new Sink();
  sink.onData = (chunk) => {
    sink.text += Buffer.from(chunk).toString();
    body.drop(new Error('enough'));
    return true;
  };
  body.push(bytes('a'));
  body.push(bytes('b'));
  body.attach(sink);
  assert.deepEqual([sink.text, sink.events, owner.ends], ['a', [], ['dropped']]);
  assert.equal(producer.aborted.length, 1);
});

test('a second sink is refused', () => {
  const body = ResponseBody.of('a');
  body.attach(new Sink());
  assert.throws(() => body.attach(new Sink()), TypeError);
});

test('a body made of text or nothing is whole', () => {
  for (const text of ['', 'hello']) {
    const sink = new Sink();
    ResponseBody.of(text).attach(sink);
    assert.deepEqual([sink.text, sink.events], [text, ['end']]);
  }
});

test('whatever the order of pushes, stops and resumes: every byte once, in order, one end', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), text: fc.string({ minLength: 1, maxLength: 4 }) }),
    fc.record({ kind: fc.constant('room' as const), room: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('attach' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, broken) => {
      const { body, producer, owner, sink } = make();
      let attached = false;
      let sent = '';
      for (const action of steps) {
        if (action.kind === 'push') {
          sent += action.text;
          body.push(bytes(action.text));
        } else if (action.kind === 'room') {
          sink.room = action.room;
          body.resume();
        } else if (!attached) {
          attached = true;
          body.attach(sink);
        }
        assert.ok(bytes(sent).toString().startsWith(sink.text));
      }
      if (broken) body.fail(new Error('lost'));
      else body.end();
      sink.room = Number.POSITIVE_INFINITY;
      if (!attached) body.attach(sink);
      body.resume();
      assert.equal(sink.text, bytes(sent).toString());
      assert.deepEqual(sink.events, [broken ? 'lost' : 'end']);
      assert.deepEqual(owner.ends, [broken ? 'failed' : 'complete']);
      assert.equal(producer.aborted.length, 0);
    }),
  );
});

test('a body whose chunks wait in their thousands gives each once, in order, however often its reader stops', () => {
  const body = new ResponseBody(new Producer());
  const sink = new Sink();
  for (let index = 0; index < 5000; index += 1) body.push(Buffer.from([index % 251]));
  const given: number[] = [];
  body.attach({
    onData(chunk) {
      given.push(chunk[0]!);
      return given.length % 7 !== 0;
    },
    onEnd: () => sink.onEnd(),
    onError: (error) => sink.onError(error),
  });
  for (let index = 5000; index < 6000; index += 1) {
    body.push(Buffer.from([index % 251]));
    body.resume();
  }
  body.end();
  while (given.length < 6000) body.resume();
  body.resume();
  assert.deepEqual(
    given,
    Array.from({ length: 6000 }, (_, index) => index % 251),
  );
  assert.deepEqual(sink.events, ['end']);
});

test('a body is unread until it is given to somebody, or has come to its end', () => {
  const read = new ResponseBody(new Producer());
  assert.equal(read.unread, true);
  read.attach(new Sink());
  assert.equal(read.unread, false);
  assert.equal(ResponseBody.of('here').unread, false);
});
