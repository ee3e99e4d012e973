import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.js';
import { isMeshError } from '../../base/errors.js';
import type { Source } from '../../base/source.js';
import type { PolicySource } from '../../policy/source.js';
import { keepAlive } from '../keep-alive.js';
import { type PolicyUrlOptions, pollPolicyUrl } from './index.js';

const never = new AbortController().signal;
const scope = { namespace: 'default', service: 'productpage', labels: {} };

function serviceEntry(name: string): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example]
  resolution: DNS
  ports: [{ number: 80, name: http, protocol: HTTP }]
`;
}

/** Serves what `answer` says, and keeps the requests. */
async function serve(t: TestContext, answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/policy.yaml`, requests };
}

function open(t: TestContext, url: string, more: Partial<PolicyUrlOptions> = {}): PolicySource {
  const random = { next: () => 0.5 };
  const source = pollPolicyUrl(url, { scope, clock: systemClock, random, intervalMs: 5, ...more });
  t.after(() => source.close());
  return source;
}

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

test('documents are read, asked for with their tag, and read again when they changed', async (t) => {
  let version = 'a';
  const answered: number[] = [];
  const { url, requests } = await serve(t, (response, request) => {
    const same = request.headers['if-none-match'] === `"${version}"`;
    answered.push(same ? 304 : 200);
    response.writeHead(same ? 304 : 200, { etag: `"${version}"` }).end(same ? '' : serviceEntry(version));
    if (answered.length === 3) version = 'b';
  });
  const source = open(t, url, { headers: { authorization: 'Bearer abc' } });
  await source.ready(never);
  const policy = await until(source.policy, (now) => now?.hosts[0]?.host === 'b.example');
  assert.equal(policy?.revision, 2);
  assert.deepEqual(answered.slice(0, 4), [200, 304, 304, 200]);
  assert.equal(requests[3]?.headers.authorization, 'Bearer abc');
});

test('a failing server leaves the policy in force and is said to fail until it answers again', async (t) => {
  let status = 200;
  const { url } = await serve(t, (response) => response.writeHead(status).end(serviceEntry('a')));
  const source = open(t, url);
  await source.ready(never);
  status = 503;
  const away = await until(source.status, ({ connected }) => !connected);
  assert.match(away.lastError!, /cannot read policy from http:.*answered 503/);
  assert.ok(away.staleSince !== null);
  assert.equal(source.policy.current()?.hosts[0]?.host, 'a.example');
  status = 200;
  await until(source.status, ({ connected, staleSince }) => connected && staleSince === null);
  assert.equal(source.policy.current()?.revision, 1);
});

test('bad documents are refused and the good ones stay', async (t) => {
  let text = serviceEntry('a');
  const { url } = await serve(t, (response) => response.end(text));
  const source = open(t, url);
  await source.ready(never);
  text = 'kind: [';
  const { refused, lastError } = await until(source.status, (status) => status.refused !== null);
  assert.equal(refused?.revision, 2);
  assert.match(lastError!, /policy\.yaml:1:\d+ /);
  assert.equal(source.policy.current()?.revision, 1);
  text = serviceEntry('b');
  await until(source.policy, (policy) => policy?.revision === 3);
});

test('an answer without a body takes no policy out of force', async (t) => {
  let body = serviceEntry('one');
  const { url } = await serve(t, (response) => response.end(body));
  const source = open(t, url);
  await source.ready(never);
  body = '\n';
  const { lastError } = await until(source.status, ({ connected }) => !connected);
  assert.match(lastError ?? '', /is empty/);
  assert.equal(source.policy.current()?.hosts[0]?.host, 'one.example');
});

test('a redirect is not followed', async (t) => {
  const { url, requests } = await serve(t, (response) =>
    response.writeHead(302, { location: '/elsewhere' }).end(),
  );
  const source = open(t, url);
  const { lastError } = await until(source.status, (status) => status.lastError !== null);
  assert.match(lastError!, /answered 302/);
  assert.ok(requests.every((request) => request.url === '/policy.yaml'));
});

test('a body without end is given up', async (t) => {
  const { url } = await serve(t, (response) => {
    const block = Buffer.alloc(1024 * 1024, 0x20);
    const more = () => {
      while (!response.destroyed && response.write(block));
      if (!response.destroyed) response.once('drain', more);
    };
    response.writeHead(200);
    more();
  });
  const source = open(t, url, { timeoutMs: 60_000, intervalMs: 60_000 });
  const { lastError } = await until(source.status, (status) => status.lastError !== null);
  assert.match(lastError!, /longer than 16777216 bytes/);
});

test('a server that does not answer in time is given up', async (t) => {
  const { url } = await serve(t, () => {});
  const source = open(t, url, { timeoutMs: 20 });
  const { lastError } = await until(source.status, (status) => status.lastError !== null);
  assert.match(lastError!, /no answer within 20 ms/);
  await assert.rejects(source.ready(AbortSignal.abort()), (error) =>
    isMeshError(error, 'HEDDLE_JOIN_FAILED'),
  );
});

test('neither query nor credentials of the URL are shown', async (t) => {
  const { url } = await serve(t, (response) => response.writeHead(500).end());
  const source = open(t, `${url}?key=hush`);
  const { lastError, location } = await until(source.status, (status) => status.lastError !== null);
  assert.ok(!`${lastError} ${location}`.includes('hush'));
  for (const wrong of ['http://user:pass@host/', 'ftp://host/', 'policy.yaml'])
    assert.throws(
      () => open(t, wrong),
      (error) => isMeshError(error, 'HEDDLE_INVALID_SETTING') && !error.message.includes('pass@'),
    );
});
