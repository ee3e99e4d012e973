import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Value } from '../../base/source.js';
import type { Svid } from '../../ports/identity.js';
import { followCertificate } from './certificate-watch.js';
import { openSession } from './connection.js';
import { TestClock, workload } from './fixtures.test.helper.js';
import { TestService, type TestServiceOptions } from './service.test.helper.js';
import { PolicyStream } from './stream.js';

async function open(t: TestContext, options: TestServiceOptions = {}) {
  const service = await TestService.start({ root: null, pingMs: 1_000, ...options });
  t.after(() => service.kill());
  const clock = new TestClock();
  const session = await openSession(new URL(service.url), { kind: 'plain' }, new AbortController().signal);
  let welcomed = () => {};
  const welcome = new Promise<void>((resolve) => {
    welcomed = resolve;
  });
  const stream = new PolicyStream({
    session,
    clock,
    welcome: welcomed,
    update: () => {},
    hello: {
      type: 'hello',
      protocol: 1,
      workload,
      hosts: [],
      have: {},
      revision: 0,
      listeners: [],
      certificateExpiresAt: null,
    },
  });
  t.after(() => session.destroy());
  return { clock, stream, session, welcome, service };
}

async function talk(t: TestContext, options: TestServiceOptions = {}) {
  const opened = await open(t, options);
  return { ...opened, peer: await opened.service.stream() };
}

test('a service that leaves three pings without an answer is given up', async (t) => {
  const { clock, stream, welcome, peer } = await talk(t);
  await welcome;
  peer.answerPings = false;
  clock.advance(4_000);
  const end = await stream.ended;
  assert.match(end.error.message, /HEDDLE_CONNECTION_LOST.*did not answer 3 pings/);
  assert.ok(end.welcomed && end.retry && !end.planned);
});

test('a service that answers late, but within three pings, is kept', async (t) => {
  const { clock, stream, welcome, peer } = await talk(t);
  await welcome;
  clock.advance(3_000);
  await peer.next('ping');
  stream.replace();
  assert.ok((await stream.ended).planned);
});

test('a service that does not say welcome in time is given up', async (t) => {
  const { clock, stream } = await talk(t, { welcomes: false });
  clock.advance(5_000);
  const end = await stream.ended;
  assert.match(end.error.message, /silent: it did not answer/);
  assert.equal(end.welcomed, false);
});

test('a goodbye without retry says so', async (t) => {
  const { stream, peer } = await talk(t);
  peer.say({ type: 'goodbye', because: 'you are not who you say', retry: false });
  const end = await stream.ended;
  assert.equal(end.retry, false);
  assert.match(end.error.message, /you are not who you say/);
});

test('the service sees an orderly end when the workload leaves', async (t) => {
  const { stream, peer } = await talk(t);
  stream.close('done');
  await peer.closed;
  await stream.left;
});

test('a connection is replaced shortly before its certificate ends, and only by a newer one', () => {
  const clock = new TestClock();
  const svid = (lifeMs: number) =>
    ({ notBefore: clock.wallNow(), notAfter: clock.wallNow() + lifeMs }) as Svid;
  const said: string[] = [];
  const stream = { send: () => said.push('certificate'), replace: () => said.push('replace') };
  const svids = new Value(svid(20_000));
  const stop = followCertificate(stream, svids, clock);
  clock.advance(10_000);
  svids.set(svid(20_000));
  clock.advance(7_999);
  assert.deepEqual(said, ['certificate']);
  clock.advance(1);
  assert.deepEqual(said, ['certificate', 'replace']);
  stop();

  const lonely = followCertificate(stream, new Value(svid(20_000)), clock);
  clock.advance(60_000);
  assert.deepEqual(said, ['certificate', 'replace']);
  lonely();
  assert.equal(clock.pending, 0);
});

test('a service that refuses the stream is quoted', async (t) => {
  const { stream } = await open(t, { streamStatus: 503 });
  const end = await stream.ended;
  assert.match(end.error.message, /answered 503 to the policy stream: too many of you/);
  assert.equal(end.welcomed, false);
  await stream.left;
});

test('a connection that is lost before the stream opens is an error, and nothing is left behind', async (t) => {
  const { session, clock } = await talk(t);
  session.destroy();
  await new Promise((resolve) => (session.closed ? resolve(null) : session.once('close', resolve)));
  const before = clock.pending;
  const hello = { type: 'ping' } as const;
  assert.throws(() => new PolicyStream({ session, clock, hello, welcome() {}, update() {} }));
  assert.equal(clock.pending, before);
});

test('a connection that breaks ends the stream', async (t) => {
  const { stream, service } = await talk(t);
  await service.kill();
  assert.equal((await stream.ended).error.code, 'HEDDLE_CONNECTION_LOST');
  await stream.left;
});
