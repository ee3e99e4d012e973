import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { identitySourceContract, TestCa } from '@heddle/testkit';
import { isMeshError, type Source } from 'heddle/ports';
import type { X509SvidResponse } from './service.js';
import { Agent, agent, derOf, ID, message, messageOf, response } from './spire.test.helper.js';
import { WorkloadApi, type WorkloadApiOptions } from './workload-api.js';

const never = new AbortController().signal;
const soon = { baseDelayMs: 1, maxDelayMs: 1 };

function open(context: TestContext, { endpoint }: { endpoint: string }, options: WorkloadApiOptions = {}) {
  const log: string[] = [];
  const heard = new Set<() => void>();
  const source = new WorkloadApi(endpoint, {
    retry: soon,
    log: (line) => {
      log.push(line);
      for (const notice of heard) notice();
    },
    ...options,
  });
  context.after(() => source.close());
  /** Resolves once a line of the log is like `pattern`. */
  const logged = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (log.some((line) => pattern.test(line))) resolve();
      };
      heard.add(look);
      look();
    });
  return { source, log, logged };
}

function next<T>(source: Source<T>): Promise<T> {
  return new Promise((resolve) => {
    const stop = source.subscribe((value) => {
      stop();
      resolve(value);
    });
  });
}

identitySourceContract('WorkloadApi', async () => {
  const spire = await Agent.start();
  const source = new WorkloadApi(spire.endpoint, { retry: soon, log: () => {} });
  await source.ready(never);
  return {
    source,
    rotate: async () => spire.tell(response([await message(spire.ca, ID)])),
    wallNow: () => Date.now(),
    close: () => spire.close(),
  };
});

test('before the first message there is no SVID, and what is asked says why', async (context) => {
  const spire = await agent(context);
  const { source } = open(context, spire);
  assert.throws(
    () => source.svid.current(),
    (error) => isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE') && /has not answered/.test(error.message),
  );
  await source.ready(never);
  assert.equal(source.svid.current().id.toString(), ID);
});

test('of two SVIDs the first is taken, or the one with the hint that is asked for', async (context) => {
  const spire = await agent(context);
  const both = [
    await message(spire.ca, ID, { hint: 'internal' }),
    await message(spire.ca, 'spiffe://cluster.local/ns/shop/sa/edge', { hint: 'external' }),
  ];
  spire.tell(response(both));
  const { source } = open(context, spire);
  await source.ready(never);
  assert.equal(source.svid.current().id.toString(), ID);
  const hinted = open(context, spire, { hint: 'external' });
  await hinted.source.ready(never);
  assert.equal(hinted.source.svid.current().id.serviceAccount, 'edge');
  const wrong = open(context, spire, { hint: 'other' });
  await wrong.logged(/has no SVID with the hint "other"/);
});

test('an SVID of an intermediate authority comes with it', async (context) => {
  const spire = await agent(context);
  const below = await spire.ca.intermediate();
  spire.tell(response([messageOf(below, await below.svid(ID))]));
  const { source } = open(context, spire);
  await source.ready(never);
  assert.equal(source.svid.current().chain.length, 2);
});

test('foreign trust domains come with each message, and go with the first that has none', async (context) => {
  const spire = await agent(context);
  const foreign = await TestCa.create({ trustDomain: 'partner.example' });
  const mine = await message(spire.ca, ID);
  const federated_bundles = { 'spiffe://partner.example': derOf(foreign.bundle.roots) };
  spire.tell(response([mine], { federated_bundles }));
  const { source } = open(context, spire);
  await source.ready(never);
  assert.deepEqual(source.bundle.current().federated, [foreign.bundle]);
  const changed = next(source.bundle);
  spire.tell(response([mine]));
  assert.equal((await changed).federated, undefined);
});

test('who is denied at the start is asked for again, until there is an identity', async (context) => {
  const denied = { code: status.PERMISSION_DENIED, details: 'no identity issued' };
  const spire = await agent(context, denied);
  const { source, logged } = open(context, spire);
  await logged(/no identity is registered for this workload \(no identity issued\)/);
  spire.say = response([await message(spire.ca, ID)]);
  await source.ready(never);
  assert.ok(spire.opened > 1);
});

test('who gives up waiting is told what the server said last', async (context) => {
  const spire = await agent(context, { code: status.PERMISSION_DENIED, details: 'no identity issued' });
  const { source, logged } = open(context, spire);
  await logged(/no identity/);
  const giveUp = new AbortController();
  const ready = source.ready(giveUp.signal);
  giveUp.abort();
  await assert.rejects(ready, /HEDDLE_IDENTITY_UNAVAILABLE.*no identity is registered/);
});

test('a stream that ends, or is denied later, is opened again, and the identity stays meanwhile', async (context) => {
  const spire = await agent(context);
  const { source, log, logged } = open(context, spire);
  await source.ready(never);
  const first = source.svid.current();
  const again = spire.nextStream();
  spire.hangUp();
  await logged(/the stream ended; the identity of before stays/);
  await again;
  assert.equal(source.svid.current(), first);
  spire.tell({ code: status.PERMISSION_DENIED, details: 'gone' });
  await logged(/no identity is registered .*; the identity of before stays/);
  assert.equal(source.svid.current(), first);
  const changed = next(source.svid);
  spire.say = response([await message(spire.ca, ID)]);
  assert.notEqual((await changed).chain[0], first.chain[0]);
  assert.doesNotMatch(log.join('\n'), /PRIVATE|BEGIN/);
});

test('a server that refuses the request for good is not asked again', async (context) => {
  const spire = await agent(context, { code: status.INVALID_ARGUMENT, details: 'no' });
  const { source } = open(context, spire);
  await assert.rejects(source.ready(never), /refuses the request for good \(no\)/);
  await source.close();
  assert.equal(spire.opened, 1);
});

test('a socket that is not there is tried again, and the error names it', async (context) => {
  const { logged } = open(context, { endpoint: 'unix:///nowhere/agent.sock' });
  // Nothing else here keeps the process alive while it waits.
  const alive = await agent(context);
  await logged(/unix:\/\/\/nowhere\/agent\.sock: it cannot be reached/);
  assert.equal(alive.opened, 0);
});

const GARBAGE: readonly [
  string,
  (good: X509SvidResponse, other: TestCa) => Promise<X509SvidResponse>,
  RegExp,
][] = [
  ['no SVID', async () => response([]), /it has no SVID/],
  ['no SPIFFE ID', change({ spiffe_id: '' }), /it has no SPIFFE ID/],
  ['another SPIFFE ID', change({ spiffe_id: 'spiffe://cluster.local/x' }), /it names .* and not/],
  ['no key', change({ x509_svid_key: Buffer.alloc(0) }), /it has no private key/],
  ['half a key', change({ x509_svid_key: Buffer.from('secret') }), /its private key cannot be read/],
  ['no certificate', change({ x509_svid: Buffer.alloc(0) }), /the SVID is not a sequence/],
  ['text for a certificate', change({ x509_svid: Buffer.from('0text') }), /the SVID is not a sequence/],
  ['a sequence that is no certificate', change({ x509_svid: Buffer.from('3003020101', 'hex') }), /refused/],
  ['no roots', change({ bundle: Buffer.alloc(0) }), /the trust bundle is not a sequence/],
  [
    'roots of somebody else',
    async ({ svids: [good] }, other) => response([{ ...good!, bundle: derOf(other.bundle.roots) }]),
    /does not lead to a trusted root/,
  ],
  [
    'a key of another SVID',
    async ({ svids: [good] }, other) =>
      response([{ ...good!, x509_svid_key: (await message(other, ID)).x509_svid_key }]),
    /for another key/,
  ],
  [
    'our own trust domain among the foreign ones',
    async ({ svids, federated_bundles: _ }, other) =>
      response(svids, { federated_bundles: { 'spiffe://cluster.local': derOf(other.bundle.roots) } }),
    /our own trust domain/,
  ],
  [
    'a foreign bundle that is none',
    async ({ svids }) => response(svids, { federated_bundles: { 'spiffe://x': Buffer.from('x') } }),
    /the bundle of x is not a sequence/,
  ],
];

function change(fields: Partial<X509SvidResponse['svids'][number]>) {
  return async ({ svids: [good] }: X509SvidResponse) => response([{ ...good!, ...fields }]);
}

test('a message that does not hold together is refused whole, and the next good one is taken', async (context) => {
  const spire = await agent(context);
  const other = await TestCa.create();
  const good = spire.say as X509SvidResponse;
  const { source, log, logged } = open(context, spire);
  await source.ready(never);
  const first = source.svid.current();
  const bundle = source.bundle.current();
  for (const [what, make, because] of GARBAGE) {
    log.length = 0;
    spire.tell(await make(good, other));
    await logged(because).catch(() => assert.fail(what));
    assert.match(log.at(-1)!, /the identity of before stays/);
    assert.equal(source.svid.current(), first, what);
    assert.equal(source.bundle.current(), bundle, what);
  }
  const changed = next(source.svid);
  spire.tell(response([await message(spire.ca, ID)]));
  await changed;
});

test('a message that is too long ends the stream before it is read', async (context) => {
  const spire = await agent(context);
  const { source, logged } = open(context, spire);
  await source.ready(never);
  spire.tell(response([], { crl: [Buffer.alloc(5 * 1024 * 1024)] }));
  await logged(/RESOURCE_EXHAUSTED.*the identity of before stays/);
});

test('revocation lists are not looked at, and the log says so once', async (context) => {
  const spire = await agent(context);
  const svid = await message(spire.ca, ID);
  spire.tell(response([svid], { crl: [Buffer.from('crl')] }));
  const { source, log, logged } = open(context, spire);
  await source.ready(never);
  await logged(/revocation lists, which are NOT looked at/);
  const changed = next(source.svid);
  spire.tell(response([await message(spire.ca, ID)], { crl: [Buffer.from('crl')] }));
  await changed;
  assert.equal(log.length, 1);
});
