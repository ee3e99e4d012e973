import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isMeshError } from 'heddle/ports';
import { fingerprint } from 'heddle/security';
import type { CaStatus } from './api/ca.js';
import type { WorkloadStatus } from './api/workloads.js';
import { startControl } from './server.js';
import {
  Client,
  dataDirectory,
  hello,
  keyAndRequest,
  listener,
  SPLIT,
  service,
  workload,
} from './server.test.client.js';

const REVIEWS = 'reviews.default.svc.cluster.local';

test('a workload joins with a token, is told policy when it changes, and its acceptance shows', async (context) => {
  const running = await service(context);
  const { operator } = running;
  const { client, svid } = await workload(context, running, 'reviews');
  assert.equal(svid.spiffeId, 'spiffe://cluster.local/ns/default/sa/reviews');
  const stream = client.stream();
  stream.send(
    hello('reviews', { listeners: [listener('reviews', 8001)], certificateExpiresAt: 1_800_000_000_000 }),
  );
  const welcome = await stream.expect('welcome');
  assert.equal(welcome.protocol, 1);
  const first = await stream.update();
  assert.equal(first.complete, true);
  assert.ok(
    stream.resources.has('mesh') && stream.resources.has('inbound') && stream.resources.has('bundle'),
  );
  await stream.updateUntil((resources) => resources.has(`endpoints/${REVIEWS}`));
  const endpoints = stream.resources.get(`endpoints/${REVIEWS}`)?.value as {
    ports: Record<string, { key: string }[]>;
  };
  assert.deepEqual(endpoints.ports['9080'], [
    {
      key: '127.0.0.1:8001',
      address: '127.0.0.1',
      port: 8001,
      labels: { app: 'reviews' },
      weight: 1,
      spiffeId: svid.spiffeId,
      mtls: true,
      workload: 'reviews-1',
    },
  ]);

  const applied = await operator.post('/v1/apply', SPLIT(80));
  assert.equal(applied.status, 200, applied.text);
  assert.deepEqual(
    applied.json.results.map((item) => item.result),
    ['created', 'created'],
  );
  const update = await stream.update();
  assert.equal(update.revision, applied.json.revision);
  assert.deepEqual(
    update.upsert.map(({ name }) => name),
    [`host/${REVIEWS}`],
    'only what changed is sent',
  );
  const status = await untilStatus(operator, (item) => item.stream?.accepted === applied.json.revision);
  assert.equal(status.spiffeId, svid.spiffeId);
  assert.equal(status.stream?.certificateExpiresAt, 1_800_000_000_000);
  assert.equal(status.stream?.refused, null);
});

test('a workload that refuses a revision shows with the reasons that it gave', async (context) => {
  const running = await service(context);
  const { client } = await workload(context, running, 'reviews');
  const stream = client.stream();
  stream.send(hello('reviews'));
  await stream.expect('welcome');
  const { revision } = await stream.update();
  stream.send({ type: 'refused', revision, because: ['no such balancer'] });
  const status = await untilStatus(running.operator, (item) => item.stream?.refused?.revision === revision);
  assert.deepEqual(status.stream?.refused, { revision, because: ['no such balancer'] });
});

test('a resumed stream carries nothing that the workload holds already', async (context) => {
  const running = await service(context);
  await running.operator.post('/v1/apply', SPLIT(80));
  const { client } = await workload(context, running, 'reviews');
  const first = client.stream();
  first.send(hello('reviews', { listeners: [listener('reviews', 8001)] }));
  await first.expect('welcome');
  await first.updateUntil((resources) => resources.has(`host/${REVIEWS}`));
  first.raw.close();

  const second = client.stream();
  second.send(
    hello('reviews', { have: { ...first.have, gone: 'x' }, listeners: [listener('reviews', 8001)] }),
  );
  await second.expect('welcome');
  const { upsert, remove, complete } = await second.update();
  assert.deepEqual([upsert, remove, complete], [[], ['gone'], true]);
});

test('two streams of one service see each other, and an empty list of listeners takes an endpoint away at once', async (context) => {
  const running = await service(context);
  const { client } = await workload(context, running, 'reviews');
  const [one, other] = [client.stream(), client.stream()];
  const workloadOf = (name: string) => ({ ...hello('reviews').workload, name });
  one.send(hello('reviews', { workload: workloadOf('one'), listeners: [listener('reviews', 8001)] }));
  other.send(hello('reviews', { workload: workloadOf('other'), listeners: [listener('reviews', 8002)] }));
  for (const stream of [one, other]) await stream.expect('welcome');
  await one.updateUntil((resources) => portsOf(resources).join() === '8001,8002');
  other.send({ type: 'listen', listeners: [] });
  await one.updateUntil((resources) => portsOf(resources).join() === '8001');
});

test('after SIGKILL the service serves policy and endpoints from its store before any workload is back', async (context) => {
  const dataDir = dataDirectory(context);
  const child = await controlProcess(context, dataDir);
  const first = { control: child, operator: operatorOf(context, child.url, dataDir) };
  await first.operator.post('/v1/apply', SPLIT(80));
  const { client, credentials } = await workload(context, first, 'reviews');
  const stream = client.stream();
  stream.send(hello('reviews', { listeners: [listener('reviews', 8001)] }));
  await stream.expect('welcome');
  await stream.updateUntil((resources) => portsOf(resources).join() === '8001');
  const revision = (await first.operator.request('GET', '/v1/resources')).json.revision;
  await child.kill();

  const second = await controlProcess(context, dataDir);
  const again = new Client(context, second.url, credentials).stream();
  again.send(
    hello('reviews', {
      workload: { ...hello('reviews').workload, name: 'another' },
      have: stream.have,
      revision,
    }),
  );
  await again.expect('welcome');
  const update = await again.update();
  assert.deepEqual([update.upsert, update.remove, update.revision], [[], [], revision]);
  const operator = operatorOf(context, second.url, dataDir);
  assert.equal((await operator.request('GET', '/v1/workloads')).json.items.length >= 1, true);
  const applied = await operator.post('/v1/apply', SPLIT(0));
  assert.ok(applied.json.revision > revision, 'revisions go on');
  assert.equal((await again.update()).revision, applied.json.revision);
});

test('a change of roots goes on after SIGKILL at each of its steps', async (context) => {
  const dataDir = dataDirectory(context);
  const phases = async (operator: Client) => {
    const { text } = await operator.request('GET', '/v1/ca');
    return (JSON.parse(text) as CaStatus).roots.map(({ phase }) => phase);
  };
  const child = await controlProcess(context, dataDir);
  const first = { control: child, operator: operatorOf(context, child.url, dataDir) };
  const { client, svid, credentials } = await workload(context, first, 'reviews');
  const stream = client.stream();
  stream.send(hello('reviews', { listeners: [listener('reviews', 8001)] }));
  await stream.expect('welcome');
  await stream.update();
  assert.equal((await first.operator.post('/v1/ca/rotate', { what: 'root' })).status, 200);
  await child.kill();

  const second = await controlProcess(context, dataDir);
  const operator = operatorOf(context, second.url, dataDir);
  assert.deepEqual(await phases(operator), ['signing', 'announced'], 'it waits for whom it knew');
  const again = new Client(context, second.url, credentials).stream();
  again.send(hello('reviews', { listeners: [listener('reviews', 8001)] }));
  await again.expect('welcome');
  await again.update();
  const { version } = again.resources.get('bundle')!;
  again.send({ type: 'accepted', revision: 0, bundle: version });
  while ((await phases(operator))[1] !== 'signing') await new Promise((resolve) => setImmediate(resolve));
  await second.kill();

  const third = await controlProcess(context, dataDir);
  const last = operatorOf(context, third.url, dataDir);
  assert.deepEqual(await phases(last), ['retiring', 'signing']);
  // The certificate of before is good, and the next one is below the new root.
  const { csr } = await keyAndRequest();
  const renewed = await new Client(context, third.url, credentials).post('/v1/svid', { csr });
  assert.notDeepEqual(renewed.json.chain.slice(1), svid.chain.slice(1));
  const old = fingerprint(svid.roots[0]!);
  assert.equal((await last.post('/v1/ca/retire', { root: old })).status, 200);
  await third.kill();

  const fourth = await controlProcess(context, dataDir);
  assert.deepEqual(await phases(operatorOf(context, fourth.url, dataDir)), ['signing']);
  const cut = await new Client(context, fourth.url, credentials).post('/v1/svid', { csr });
  assert.equal(cut.status, 401, cut.text);
});

test('closing says goodbye with the wish to come back, and lets the store be opened again', async (context) => {
  const running = await service(context);
  const { client } = await workload(context, running, 'reviews');
  const stream = client.stream();
  stream.send(hello('reviews', { listeners: [listener('reviews', 8001)] }));
  await stream.expect('welcome');
  await stream.updateUntil((resources) => portsOf(resources).join() === '8001');
  const closing = running.control.close();
  let message = await stream.next();
  while (message?.type === 'update') message = await stream.next();
  assert.deepEqual(message, { type: 'goodbye', because: 'the service is going away', retry: true });
  stream.raw.end();
  await closing;
  await running.control.close();
  const again = await service(context, { dataDir: running.dataDir });
  const { json } = await again.operator.request('GET', '/v1/workloads');
  assert.deepEqual(
    json.items.map((item) => [item.stream, item.listeners.length]),
    [[null, 1]],
  );
});

test('what lies in the data directory is closed to other users, and the token pins the root', async (context) => {
  const { control, dataDir } = await service(context);
  for (const [path, mode] of [
    ['', 0o700],
    ['store', 0o700],
    ['ca', 0o700],
    ['operator.token', 0o600],
  ] as const) {
    assert.equal(statSync(join(dataDir, path)).mode & 0o777, mode, path);
  }
  const keys = readdirSync(join(dataDir, 'ca'));
  assert.deepEqual(keys.map((name) => name.split('-')[0]).sort(), ['intermediate', 'root']);
  for (const name of keys) assert.equal(statSync(join(dataDir, 'ca', name)).mode & 0o777, 0o600, name);
  const token = readFileSync(control.operatorTokenFile, 'utf8').trim();
  const { roots, trustDomain } = (await new Client(context, control.url).request('GET', '/v1/bundle')).json;
  assert.equal(trustDomain, 'cluster.local');
  assert.equal(token.split('.')[3], fingerprint(roots[0]!));
  assert.equal(control.pin, fingerprint(roots[0]!));
});

test('a data directory that another service uses is refused, and can be used when that one is gone', async (context) => {
  const { control, dataDir } = await service(context);
  await assert.rejects(
    startControl({ dataDir, port: 0, log: () => {} }),
    (error) => isMeshError(error, 'HEDDLE_INVALID_SETTING') && /in use/.test(error.message),
  );
  await control.close();
  await service(context, { dataDir });
});

test('a data directory of another trust domain is refused by name', async (context) => {
  const { control, dataDir } = await service(context);
  await control.close();
  await assert.rejects(
    startControl({ dataDir, port: 0, trustDomain: 'other.example', log: () => {} }),
    (error) =>
      isMeshError(error, 'HEDDLE_INVALID_SETTING') && /cluster\.local.*other\.example/.test(error.message),
  );
});

test('a service whose authority is lost does not make another one for the same mesh', async (context) => {
  const { control, dataDir } = await service(context);
  await control.close();
  rmSync(join(dataDir, 'ca'), { recursive: true });
  await assert.rejects(
    startControl({ dataDir, port: 0, log: () => {} }),
    (error) =>
      isMeshError(error, 'HEDDLE_INVALID_SETTING') && /the key that signs, is missing/.test(error.message),
  );
});

test('a service whose store is lost does not hand out an empty policy, unless that is asked for', async (context) => {
  const { control, dataDir } = await service(context);
  await control.close();
  rmSync(join(dataDir, 'store'), { recursive: true });
  await assert.rejects(
    startControl({ dataDir, port: 0, log: () => {} }),
    (error) =>
      isMeshError(error, 'HEDDLE_INVALID_SETTING') && /store is missing.*operator\.token/.test(error.message),
  );
  rmSync(join(dataDir, 'operator.token'));
  const again = await startControl({ dataDir, port: 0, log: () => {} });
  await again.close();
});

test('settings that make no sense are refused by name', async () => {
  for (const [option, value] of [
    ['port', 70_000],
    ['svidTtlMs', 1],
    ['leaseMs', 0],
    ['trustDomain', 'Not A Domain'],
    ['dataDir', ''],
  ] as const) {
    await assert.rejects(
      startControl({ dataDir: '/nowhere', [option]: value }),
      (error) => isMeshError(error, 'HEDDLE_INVALID_SETTING') && error.message.includes(option),
    );
  }
});

function portsOf(resources: ReadonlyMap<string, { readonly value: unknown }>): number[] {
  const value = resources.get(`endpoints/${REVIEWS}`)?.value as
    | { ports: Record<string, { port: number }[]> }
    | undefined;
  return (value?.ports['9080'] ?? []).map(({ port }) => port);
}

/** Asks until the first workload's status is as wanted. */
async function untilStatus(
  operator: Client,
  isThere: (item: WorkloadStatus) => boolean,
): Promise<WorkloadStatus> {
  for (;;) {
    const { json } = await operator.request('GET', '/v1/workloads');
    const [item] = json.items;
    if (item !== undefined && isThere(item)) return item;
  }
}

function operatorOf(context: TestContext, url: string, dataDir: string): Client {
  return new Client(context, url, { token: readFileSync(join(dataDir, 'operator.token'), 'utf8').trim() });
}

/** A config service in its own process. */
async function controlProcess(context: TestContext, dataDir: string) {
  const script = fileURLToPath(new URL('./server.test.child.js', import.meta.url));
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  context.after(kill);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = (await lines.next()).value as string;
  const unused = () => Promise.reject(new Error('not of this process'));
  return {
    ...{ url, kill, port: 0, operatorTokenFile: join(dataDir, 'operator.token'), pin: '' },
    ...{ close: unused, [Symbol.asyncDispose]: unused },
  };
}

test('who would serve what is not of its service account is turned away, until a Service says that it may', async (context) => {
  const running = await service(context);
  const { client } = await workload(context, running, 'details');
  const intruder = client.stream();
  intruder.send(hello('details', { listeners: [listener('reviews', 8001)] }));
  await intruder.expect('welcome');
  await intruder.update();
  const goodbye = await intruder.expect('goodbye');
  assert.equal(goodbye.retry, false);
  assert.match(goodbye.because, /sa\/details may not serve reviews.*heddle\.dev\/service-accounts/);

  const applied = await running.operator.post(
    '/v1/apply',
    `
apiVersion: v1
kind: Service
metadata: { name: reviews, annotations: { heddle.dev/service-accounts: "reviews,details" } }
spec: { ports: [{ name: http, port: 9080 }] }
`,
  );
  assert.equal(applied.status, 200, applied.text);
  const stream = client.stream();
  stream.send(hello('details'));
  await stream.expect('welcome');
  await stream.updateUntil((resources) => resources.has(`host/${REVIEWS}`));
  stream.send({ type: 'listen', listeners: [listener('reviews', 8001)] });
  await stream.updateUntil((resources) => {
    const endpoints = resources.get(`endpoints/${REVIEWS}`)?.value as
      | { ports: Record<string, unknown[]> }
      | undefined;
    return endpoints?.ports['9080']?.length === 1;
  });
});
