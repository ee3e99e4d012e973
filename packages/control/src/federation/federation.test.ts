/** Foreign trust domains over real sockets: real HTTPS servers of bundles, real config services. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FakeClock, type ForeignBundle, type Source, SpiffeId, type TrustBundle, Value } from 'heddle/ports';
import { createRoot, formatSpiffeBundle, type IssuerPair, issueCertificate, newKey } from 'heddle/security';
import { assertRefused, dataDirectory, hello, service, workload } from '../server.test.client.js';
import { openEmbeddedStore } from '../store/embedded.js';
import { Federation } from './federation.js';

const HOUR = 3_600_000;
const root = (trustDomain: string) => createRoot({ trustDomain, lifetimeMs: HOUR, wallNow: Date.now() });

interface Endpoint {
  readonly url: string;
  answer: (path: string) => { status?: number; headers?: Record<string, string>; body: string };
  readonly asked: string[];
  readonly server: Server;
}

/** An HTTPS server with a certificate of `issuer`, for `localhost` and with a SPIFFE ID. */
async function endpoint(t: TestContext, issuer: IssuerPair, id: string): Promise<Endpoint> {
  const key = await newKey();
  const cert = issueCertificate({
    issuer,
    publicKey: createPublicKey(key),
    spiffeId: SpiffeId.parse(id),
    notBefore: Date.now() - 60_000,
    notAfter: Date.now() + HOUR / 2,
    dnsNames: ['localhost'],
  });
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const asked: string[] = [];
  const server = createServer({ cert, key: pem }, (request, response) => {
    asked.push(request.url!);
    const { status = 200, headers = {}, body } = made.answer(request.url!);
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close().closeAllConnections());
  const url = `https://localhost:${(server.address() as AddressInfo).port}/bundle`;
  const made: Endpoint = { url, asked, server, answer: () => ({ body: '' }) };
  return made;
}

async function federation(t: TestContext, webRoots: readonly string[] | null = null) {
  const clock = new FakeClock(Date.now());
  const directory = dataDirectory(t);
  const own = await root('td');
  const bundle = new Value<TrustBundle>({ trustDomain: 'td', roots: [own.certificate] });
  const events: string[] = [];
  const listeners = new Set<() => void>();
  const store = openEmbeddedStore({ directory, clock });
  const open = async () => {
    const made = new Federation({
      ...{ store, clock, bundle, webRoots, random: { next: () => 1 - 1e-9 } },
      log: ({ event, fields }) => {
        events.push(`${event} ${JSON.stringify(fields)}`);
        for (const listener of [...listeners]) listener();
      },
    });
    await made.start();
    return made;
  };
  const made = await open();
  t.after(async () => {
    await made.close();
    await store.close();
  });
  /** Resolves once there is an event like `pattern` among those from now on. */
  const event = (pattern: RegExp) => {
    const from = events.length;
    return new Promise<void>((resolve) => {
      const look = () => {
        if (!events.slice(from).some((one) => pattern.test(one))) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
    });
  };
  /** To the next attempt. What follows an event is done with its turn; nothing more may pass, or the attempt itself is too slow. */
  const pass = async (ms: number) => {
    await turn();
    clock.advance(ms);
  };
  return { federation: made, pass, event, open };
}

const relation = (endpoint: object | null, bundle: string | null = null) =>
  ({ trustDomain: 'other', endpoint, bundle, updatedAt: null }) as Parameters<Federation['put']>[0];

const rootsOf = (source: Source<readonly ForeignBundle[]>) => source.current().flatMap(({ roots }) => roots);

test('a bundle is fetched from a server of the web, again after its hint, and the last good one stays', async (t) => {
  const web = await root('web');
  const [one, two] = [await root('other'), await root('other')];
  const remote = await endpoint(t, web, 'spiffe://web/x');
  const { federation: ours, pass, event, open } = await federation(t, [web.certificate]);
  const say = (roots: readonly IssuerPair[], sequence: bigint) => {
    const body = formatSpiffeBundle({
      roots: roots.map(({ certificate }) => certificate),
      sequence,
      refreshHintS: 60,
    });
    remote.answer = () => ({ body });
  };
  say([one], 5n);
  let next = event(/federation\.updated/);
  await ours.put(relation({ profile: 'https_web', url: remote.url }));
  await next;
  assert.deepEqual(ours.foreign.current(), [{ trustDomain: 'other', roots: [one.certificate] }]);

  say([one, two], 6n);
  next = event(/federation\.updated/);
  await pass(60_000);
  await next;
  assert.deepEqual(rootsOf(ours.foreign), [one.certificate, two.certificate]);

  const leaf = JSON.stringify({ keys: [{ kty: 'EC', use: 'x509-svid', x5c: ['AAAA'] }] });
  const failures: readonly [Endpoint['answer'], RegExp][] = [
    [() => ({ status: 500, body: '' }), /answered 500/],
    [() => ({ status: 302, headers: { location: 'https://localhost/x' }, body: '' }), /answered 302/],
    [() => ({ body: '{' }), /not JSON/],
    [() => ({ body: '{"keys":[]}' }), /no key for X\.509-SVIDs/],
    [() => ({ body: leaf }), /federation\.failed/],
    [() => ({ body: 'x'.repeat(1024 * 1024 + 1) }), /longer than/],
    [
      () => ({ body: formatSpiffeBundle({ roots: [one.certificate], sequence: 5n }) }),
      /sequence 5 is older than 6/,
    ],
  ];
  let waitMs = 60_000;
  for (const [attempt, [answer, pattern]] of failures.entries()) {
    remote.answer = answer;
    next = event(pattern);
    await pass(waitMs);
    await next;
    waitMs = Math.min(300_000, 5_000 * 2 ** attempt);
    assert.match(ours.list()[0]!.lastError ?? '', /./);
    assert.deepEqual(rootsOf(ours.foreign), [one.certificate, two.certificate]);
  }

  const later = await open();
  assert.deepEqual(rootsOf(later.foreign), [one.certificate, two.certificate]);
  await later.close();

  say([two], 7n);
  next = event(/federation\.updated/);
  await pass(waitMs);
  await next;
  assert.deepEqual(rootsOf(ours.foreign), [two.certificate]);
  await turn();
  assert.equal(ours.list()[0]!.lastError, null);
  assert.equal(await ours.remove('other'), true);
  assert.deepEqual(ours.foreign.current(), []);
});

test('a server of the web that the roots do not vouch for is not believed', async (t) => {
  const [web, impostor] = [await root('web'), await root('web')];
  const remote = await endpoint(t, impostor, 'spiffe://web/x');
  const other = await root('other');
  remote.answer = () => ({ body: formatSpiffeBundle({ roots: [other.certificate] }) });
  const { federation: ours, event } = await federation(t, [web.certificate]);
  const failed = event(/federation\.failed/);
  await ours.put(relation({ profile: 'https_web', url: remote.url }));
  await failed;
  assert.deepEqual(ours.foreign.current(), []);
  assert.deepEqual(remote.asked, []);
});

test('a server of SPIFFE is recognised by the bundle of its trust domain, and by its ID', async (t) => {
  const [one, two] = [await root('other'), await root('other')];
  const id = 'spiffe://other/bundles';
  const remote = await endpoint(t, one, id);
  remote.answer = () => ({
    body: formatSpiffeBundle({ roots: [one.certificate, two.certificate], sequence: 2n }),
  });
  const first = formatSpiffeBundle({ roots: [one.certificate], sequence: 1n });
  const spiffe = (spiffeId: string) => ({ profile: 'https_spiffe', url: remote.url, spiffeId });

  const { federation: ours, event } = await federation(t);
  const updated = event(/federation\.updated/);
  await ours.put(relation(spiffe(id), first));
  await updated;
  assert.deepEqual(rootsOf(ours.foreign), [one.certificate, two.certificate]);

  const wrongId = event(/federation\.failed.*presented spiffe:\/\/other\/bundles/);
  await ours.put(relation(spiffe('spiffe://other/else'), first));
  await wrongId;
  const wrongRoot = event(/federation\.failed/);
  await ours.put(relation(spiffe(id), formatSpiffeBundle({ roots: [two.certificate] })));
  await wrongRoot;
  const unknown = event(/federation\.failed.*no bundle vouches/);
  await ours.put(relation(spiffe('spiffe://third/bundles'), first));
  await unknown;
  assert.equal(remote.asked.length, 1);
});

test('the service tells foreign trust domains its bundle, and workloads the foreign ones', async (t) => {
  const theirs = await service(t, { trustDomain: 'partner.example' });
  const document = (await theirs.operator.request('GET', '/v1/spiffe-bundle')).text;
  assert.equal((await theirs.operator.request('GET', '/v1/spiffe-bundle')).text, document);
  const { spiffe_sequence: sequence } = JSON.parse(document) as { spiffe_sequence: number };
  assert.equal(sequence, 1);

  const ours = await service(t);
  const { client } = await workload(t, ours, 'reviews');
  const stream = client.stream();
  stream.send(hello('reviews'));
  await stream.expect('welcome');
  const federated = (resources: ReadonlyMap<string, { readonly value: unknown }>) =>
    (resources.get('bundle')?.value as TrustBundle | undefined)?.federated;
  await stream.updateUntil((resources) => resources.has('bundle'));
  assert.equal(federated(stream.resources), undefined);
  const endpoint = {
    profile: 'https_spiffe',
    url: `${theirs.control.url}/v1/spiffe-bundle`,
    spiffeId: 'spiffe://partner.example/ns/heddle-system/sa/control',
  };
  const reply = await ours.operator.request('PUT', '/v1/federation/partner.example', {
    body: JSON.stringify({ endpoint, bundle: JSON.parse(document) as object }),
  });
  assert.equal(reply.status, 200, reply.text);
  await stream.updateUntil((resources) => federated(resources) !== undefined);
  assert.equal(federated(stream.resources)![0]!.trustDomain, 'partner.example');

  const listed = await ours.operator.request('GET', '/v1/federation');
  assert.equal(listed.status, 200);
  assert.match(listed.text, /partner\.example/);
  assert.equal((await ours.operator.request('DELETE', '/v1/federation/partner.example')).status, 200);
  await stream.updateUntil((resources) => federated(resources) === undefined);
  assertRefused(await ours.operator.request('DELETE', '/v1/federation/partner.example'), 404, 'not_found');
  assertRefused(await client.request('GET', '/v1/federation'), 403, 'forbidden');
});

test('a relation that is none is refused, by what is wrong with it', async (t) => {
  const { operator } = await service(t, { mesh: { trustDomainAliases: ['old.example'] } });
  const other = await root('other');
  const bundle = JSON.parse(formatSpiffeBundle({ roots: [other.certificate] })) as object;
  const web = { profile: 'https_web', url: 'https://x/b' };
  const spiffe = { profile: 'https_spiffe', url: 'https://x/b', spiffeId: 'spiffe://other/x' };
  const cases: readonly [string, object, RegExp][] = [
    ['cluster.local', { bundle }, /our own trust domain/],
    ['old.example', { bundle }, /our own trust domain/],
    ['Other', { bundle }, /lower case/],
    ['other', {}, /neither endpoint nor bundle/],
    ['other', { bundle: { keys: [] } }, /no key for X\.509-SVIDs/],
    ['other', { bundle, extra: 1 }, /unknown field extra/],
    ['other', { endpoint: { ...web, profile: 'http' } }, /endpoint\.profile/],
    ['other', { endpoint: { ...web, url: 'http://x/b' } }, /https URL/],
    ['other', { endpoint: { ...web, url: 'https://u:p@x/b' } }, /https URL/],
    ['other', { endpoint: { ...web, spiffeId: 'spiffe://other/x' } }, /unknown field spiffeId/],
    ['other', { endpoint: { ...spiffe, spiffeId: undefined }, bundle }, /SPIFFE ID/],
    ['other', { endpoint: { ...spiffe, spiffeId: 'spiffe://other' }, bundle }, /ID of a workload/],
    ['other', { endpoint: spiffe }, /first bundle/],
  ];
  for (const [name, body, pattern] of cases) {
    const reply = await operator.request('PUT', `/v1/federation/${name}`, { body: JSON.stringify(body) });
    assertRefused(reply, 400, 'invalid');
    assert.match(reply.json.message, pattern);
  }
});

test('roots of the web for bundle endpoints can be named', async (t) => {
  const web = await root('web');
  const file = path(dataDirectory(t), 'roots.pem');
  writeFileSync(file, web.certificate);
  const remote = await endpoint(t, web, 'spiffe://web/x');
  const other = await root('other');
  const fetched = new Promise<void>((resolve) => {
    remote.answer = () => {
      resolve();
      return { body: formatSpiffeBundle({ roots: [other.certificate] }) };
    };
  });
  const { operator } = await service(t, { federationCaFile: file });
  const endpointOf = { endpoint: { profile: 'https_web', url: remote.url } };
  await operator.request('PUT', '/v1/federation/other', { body: JSON.stringify(endpointOf) });
  await fetched;
});
