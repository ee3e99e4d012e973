import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.js';
import { isMeshError } from '../../base/errors.js';
import type { Source } from '../../base/source.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import type { Svid } from '../../ports/identity.js';
import { newKey } from '../../security/certificate/keys.js';
import { createRequest } from '../../security/certificate/request.js';
import { keepAlive } from '../keep-alive.js';
import { base, host, resource, workload } from './fixtures.test.helper.js';
import { type ControlClient, type ControlOptions, connectControl } from './index.js';
import { requestSvid } from './issuer.js';
import { Relay } from './relay.test.helper.js';
import { newRoot, TestService, type TestServiceOptions, tokenFor, WORKLOAD } from './service.test.helper.js';

const soon = { next: () => 0.01 };
const never = new AbortController().signal;

async function serve(t: TestContext, options: TestServiceOptions = {}): Promise<TestService> {
  const service = await TestService.start(options);
  t.after(() => service.kill());
  return service;
}

function joined(
  t: TestContext,
  options: Omit<ControlOptions, 'workload' | 'clock' | 'random'>,
): ControlClient {
  const client = connectControl({ workload, clock: systemClock, random: soon, ...options });
  client.policy.subscribe((policy) => client.report(policy!.revision, { accepted: true }));
  t.after(() => client.close());
  return client;
}

/** Resolves when `source` has a value for which `holds`. */
function until<T>(source: Source<T>, holds: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    if (holds(source.current())) return resolve(source.current());
    const letGo = keepAlive();
    const unsubscribe = source.subscribe((value) => {
      if (!holds(value)) return;
      unsubscribe();
      letGo();
      resolve(value);
    });
  });
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'heddle-control-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('with a URL and a token alone a workload gets its identity and its policy, over mutual TLS', async (t) => {
  const service = await serve(t);
  const client = joined(t, { url: service.url, token: service.token, hosts: ['reviews'] });
  const stream = await service.stream();
  assert.deepEqual(stream.hello.have, {});
  assert.deepEqual(stream.hello.hosts, ['reviews']);
  assert.ok(stream.serial);
  stream.update(7, [...base(), resource('host/a', '1', host('a'))]);
  await client.ready(never);
  assert.equal(client.policy.current()?.revision, 7);
  assert.equal(client.identity.svid.current().id.toString(), WORKLOAD.toString());
  assert.equal(stream.hello.certificateExpiresAt, client.identity.svid.current().notAfter);
  assert.equal((await stream.next('accepted')).revision, 7);
  assert.deepEqual(service.svidProofs, ['token']);
  const { connected, revision, lastError, staleSince } = client.status.current();
  assert.deepEqual(
    { connected, revision, lastError, staleSince },
    { connected: true, revision: 7, lastError: null, staleSince: null },
  );
});

test('the token is never sent to somebody who shows another root', async (t) => {
  const impostor = await serve(t);
  const mine = await newRoot();
  const client = joined(t, { url: impostor.url, token: tokenFor(mine) });
  const { lastError } = await until(client.status, (status) => status.lastError !== null);
  assert.match(lastError!, /HEDDLE_PEER_UNTRUSTED.*none of the roots.*token was not sent/);
  assert.deepEqual(impostor.secretsSeen, []);
  assert.deepEqual(impostor.svidProofs, []);
});

test('the token is never sent to somebody who shows the right root and has a certificate of another', async (t) => {
  const mine = await newRoot();
  const impostor = await serve(t, { shownRoots: [mine.certificate] });
  const client = joined(t, { url: impostor.url, token: tokenFor(mine) });
  const { lastError } = await until(client.status, (status) => status.lastError !== null);
  assert.match(lastError!, /HEDDLE_PEER_UNTRUSTED.*did not prove who it is/);
  assert.deepEqual(impostor.secretsSeen, []);
});

test('the token is never sent to another workload of the same mesh', async (t) => {
  const root = await newRoot();
  const id = SpiffeId.parse('spiffe://cluster.local/ns/default/sa/reviews');
  const impostor = await serve(t, { root, id });
  const client = joined(t, { url: impostor.url, token: tokenFor(root) });
  const { lastError } = await until(client.status, (status) => status.lastError !== null);
  assert.match(lastError!, /HEDDLE_PEER_UNTRUSTED.*sa\/reviews and not .*sa\/control/);
  assert.deepEqual(impostor.secretsSeen, []);
});

test('a token that is not good any more is said to be so at once, with what to do', async (t) => {
  const service = await serve(t, { svidStatus: 401 });
  const client = joined(t, { url: service.url, token: service.token });
  const failed = client.ready(never);
  await assert.rejects(failed, (error) => isMeshError(error, 'HEDDLE_JOIN_FAILED'));
  await assert.rejects(failed, /the token is not good.*heddle token create/);
});

test('a service that does not answer is named, with the reason, when the time to join is over', async (t) => {
  // Nobody listens on the port of tcpmux.
  const url = 'https://127.0.0.1:1';
  const client = joined(t, { url, token: tokenFor(await newRoot()) });
  await until(client.status, (status) => status.lastError !== null);
  await assert.rejects(
    client.ready(AbortSignal.abort()),
    new RegExp(`no policy in time from ${url}: .*ECONNREFUSED`),
  );
  assert.throws(
    () => client.identity.svid.current(),
    (error) => isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE'),
  );
});

test('after a restart of the service the workload resumes with what it holds, and had policy all the time', async (t) => {
  const root = await newRoot();
  const relay = await Relay.start(t);
  const first = await serve(t, { root });
  relay.target = first.port;
  const url = `https://127.0.0.1:${relay.port}`;
  const client = joined(t, { url, token: first.token });
  const before = await first.stream();
  before.update(3, [...base('v'), resource('host/a', 'x', host('a')), resource('host/b', 'y', host('b'))]);
  await before.next('accepted');
  const revisions: (number | undefined)[] = [];
  client.policy.subscribe((policy) => revisions.push(policy?.revision));
  relay.target = null;
  await first.kill();
  const away = await until(client.status, (status) => !status.connected);
  assert.ok(away.staleSince !== null && away.lastError !== null);
  assert.equal(client.policy.current()?.revision, 3);

  const second = await serve(t, { root });
  relay.target = second.port;
  const after = await second.stream();
  assert.deepEqual(after.hello.have, { mesh: 'v', inbound: 'v', 'host/a': 'x', 'host/b': 'y' });
  assert.equal(after.hello.revision, 3);
  after.update(4, [resource('host/c', 'z', host('c'))], ['host/a']);
  await after.next('accepted');
  assert.deepEqual(
    client.policy.current()?.hosts.map((one) => one.host),
    ['b', 'c'],
  );
  assert.deepEqual(revisions, [4]);
  assert.equal(client.status.current().staleSince, null);
  assert.deepEqual(second.svidProofs, []);
});

test('a malformed update is refused with the reason and the old policy stays; a good one ends that', async (t) => {
  const service = await serve(t);
  const client = joined(t, { url: service.url, token: service.token });
  const stream = await service.stream();
  stream.update(1, [...base(), resource('host/a', '1', host('a'))]);
  await stream.next('accepted');
  stream.update(2, [resource('host/a', '2', { ...host('a'), domains: 'a' })]);
  const refused = await stream.next('refused');
  assert.equal(refused.revision, 2);
  assert.match(refused.because.join(), /host\/a at domains/);
  assert.equal(client.policy.current()?.revision, 1);
  assert.equal(client.status.current().refused?.revision, 2);
  stream.update(3, [resource('host/a', '3', host('a'))]);
  assert.equal((await stream.next('accepted')).revision, 3);
  assert.equal(client.status.current().refused, null);
});

test('what the workload itself refuses is reported, and said again on the next connection', async (t) => {
  const service = await serve(t);
  const client = connectControl({
    url: service.url,
    token: service.token,
    workload,
    clock: systemClock,
    random: soon,
  });
  t.after(() => client.close());
  client.policy.subscribe((policy) =>
    client.report(policy!.revision, { accepted: false, because: ['a bad regex'] }),
  );
  const stream = await service.stream();
  stream.update(1, base());
  assert.deepEqual((await stream.next('refused')).because, ['a bad regex']);
  stream.say({ type: 'goodbye', because: 'moving', retry: true });
  const next = await service.stream();
  assert.equal(next.hello.revision, 0);
  assert.deepEqual((await next.next('refused')).because, ['a bad regex']);
});

test('a listener that throws costs the revision, not the stream', async (t) => {
  const service = await serve(t);
  const client = connectControl({
    url: service.url,
    token: service.token,
    workload,
    clock: systemClock,
    random: soon,
  });
  t.after(() => client.close());
  client.policy.subscribe(() => {
    throw new Error('out of luck');
  });
  const stream = await service.stream();
  stream.update(1, base());
  assert.match((await stream.next('refused')).because.join(), /out of luck/);
});

test('ports are registered on the stream, again on the next, and taken back on closing', async (t) => {
  const service = await serve(t);
  const client = joined(t, { url: service.url, token: service.token });
  const stream = await service.stream();
  const listener = {
    service: 'productpage',
    servicePort: 80,
    portName: 'http',
    protocol: 'HTTP',
    address: '127.0.0.1',
    port: 8080,
    mtls: true,
  };
  client.register([listener]);
  assert.deepEqual((await stream.next('listen')).listeners, [listener]);
  stream.say({ type: 'goodbye', because: 'moving', retry: true });
  const next = await service.stream();
  assert.deepEqual(next.hello.listeners, [listener]);
  const closing = client.close();
  assert.deepEqual((await next.next('listen')).listeners, []);
  await next.closed;
  await closing;
});

test('a service that breaks the protocol is left and tried again', async (t) => {
  const service = await serve(t);
  const client = joined(t, { url: service.url, token: service.token });
  (await service.stream()).write('this is not JSON\n');
  await until(client.status, (status) => status.lastError !== null);
  assert.match(client.status.current().lastError!, /not JSON/);
  (await service.stream()).update(1, base());
  await client.ready(never);
});

test('a certificate is asked for with the one before while that is good, and with the token after its end', async (t) => {
  const service = await serve(t);
  const client = joined(t, { url: service.url, token: service.token });
  await service.stream();
  const svid = client.identity.svid.current();
  const options = {
    url: new URL(service.url),
    token: async () => service.token,
    trust: (shown: Svid | null) => client.identity.trust(shown),
    svid: () => svid,
  };
  const csr = createRequest({ key: await newKey() });
  await requestSvid({ ...options, clock: systemClock }, csr, never);
  const later = { ...systemClock, wallNow: () => svid.notAfter + 1 };
  await requestSvid({ ...options, clock: later }, csr, never);
  assert.deepEqual(service.svidProofs, ['token', 'svid', 'token']);
});

test('a workload starts from the last good policy while the service is away, and takes up with it later', async (t) => {
  const stateDir = await folder(t);
  const root = await newRoot();
  const relay = await Relay.start(t);
  const first = await serve(t, { root });
  relay.target = first.port;
  const { token } = first;
  const url = `https://127.0.0.1:${relay.port}`;
  const earlier = joined(t, { url, token, stateDir });
  const stream = await first.stream();
  stream.update(9, [...base('v'), resource('host/a', 'x', host('a'))]);
  await stream.next('accepted');
  await earlier.close();
  relay.target = null;
  await first.kill();

  const client = joined(t, { url, token, stateDir });
  await client.ready(never);
  assert.equal(client.policy.current()?.revision, 9);
  assert.equal(client.status.current().fromLastGood, true);
  assert.equal(client.status.current().connected, false);

  const second = await serve(t, { root });
  relay.target = second.port;
  const resumed = await second.stream();
  assert.deepEqual(resumed.hello.have, { mesh: 'v', inbound: 'v', 'host/a': 'x' });
  assert.equal(resumed.hello.revision, 9);
  resumed.update(9, []);
  await until(client.status, (status) => !status.fromLastGood);
  assert.equal(client.status.current().staleSince, null);
  // Its folder goes next.
  await client.close();
});

test('a workload that the service denies does not start from a saved policy', async (t) => {
  const stateDir = await folder(t);
  const service = await serve(t);
  const earlier = joined(t, { url: service.url, token: service.token, stateDir });
  const stream = await service.stream();
  stream.update(9, base());
  await stream.next('accepted');
  await earlier.close();
  service.svidStatus = 403;
  const client = joined(t, { url: service.url, token: service.token, stateDir });
  await until(client.status, (status) => status.lastError !== null);
  assert.equal(client.policy.current(), null);
  // Its folder goes next.
  await client.close();
});

test('a config service in dev mode is spoken to in plain text, without an identity and without the token', async (t) => {
  const service = await serve(t, { root: null });
  const client = joined(t, { url: service.url, token: tokenFor(await newRoot()) });
  const stream = await service.stream();
  assert.equal(stream.hello.certificateExpiresAt, null);
  stream.update(1, base());
  await client.ready(never);
  assert.deepEqual(service.secretsSeen, []);
  assert.throws(
    () => client.identity.svid.current(),
    (error) => isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE'),
  );
});

test('a URL and a token that do not go together are refused by name, without showing the token', async () => {
  const token = tokenFor(await newRoot());
  const open = (url: string, more: { token?: string } = {}) =>
    assert.throws(
      () => connectControl({ url, workload, clock: systemClock, random: soon, ...more }),
      (error) => isMeshError(error, 'HEDDLE_INVALID_SETTING') && !error.message.includes('long-enough'),
    );
  open('control:15010');
  open('ftp://control');
  open('https://control/path', { token });
  open('https://user:secret@control', { token });
  open('https://control');
  open('https://control', { token: 'heddle1.x' });
  open('https://control', { token: tokenFor(null) });
});
