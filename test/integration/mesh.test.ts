/** A mesh as its users see it, with policy from files: what `join`, `status` and `close` promise. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { isMeshError, type JoinOptions, join, type Mesh } from 'heddle';

async function folder(t: TestContext): Promise<string> {
  const name = await mkdtemp(path(tmpdir(), 'heddle-mesh-'));
  t.after(() => rm(name, { recursive: true, force: true }));
  return name;
}

async function write(into: string, name: string, text: string): Promise<void> {
  await writeFile(path(into, `.${name}.new`), text);
  await rename(path(into, `.${name}.new`), path(into, name));
}

async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

function entry(name: string, port: number): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name.replaceAll('.', '-')}, namespace: default }
spec:
  hosts: [${name}]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${port} } }]
---
`;
}

function header(name: string, host: string, value: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [${host}]
  http:
    - headers: { response: { set: { x-version: "${value}" } } }
      route: [{ destination: { host: ${host} } }]
`;
}

async function member(t: TestContext, options: JoinOptions): Promise<Mesh> {
  const mesh = await join({ joinTimeoutMs: 60_000, drainTimeoutMs: 60_000, log() {}, ...options });
  t.after(() => mesh.close());
  return mesh;
}

/** Waits for something that is certain to come about. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await turn();
}

const LIMIT = { timeout: 120_000 };

test(
  'a bad resource in a folder leaves the good policy in force, and the status says where it is',
  LIMIT,
  async (t) => {
    const policy = await folder(t);
    const port = await serve(t, (_request, response) => void response.end('ok'));
    await write(policy, 'a.yaml', entry('svc.test', port));
    await write(policy, 'b.yaml', header('b', 'svc.test', 'one'));
    const mesh = await member(t, { policy });
    const version = async () => {
      const response = await mesh.fetch('http://svc.test/');
      await response.text();
      return response.headers.get('x-version');
    };
    assert.equal(await version(), 'one');
    const { revision } = mesh.status();
    await write(policy, 'b.yaml', header('b', 'svc.test', 'two').replace('route:', 'rout:'));
    await until(() => mesh.status().source.refused !== null);
    const said = mesh.status().source.refused?.messages[0];
    assert.equal(said?.file, path(policy, 'b.yaml'));
    assert.deepEqual([said.line, said.path], [9, 'spec.http[0].rout']);
    assert.equal(await version(), 'one');
    assert.equal(mesh.status().revision, revision);
    await write(policy, 'b.yaml', header('b', 'svc.test', 'three'));
    await until(async () => (await version()) === 'three');
    assert.equal(mesh.status().source.refused, null);
    assert.ok(mesh.status().revision > revision);
  },
);

test('a first policy that is bad keeps the workload from joining, with file and line', LIMIT, async (t) => {
  const policy = await folder(t);
  await write(policy, 'bad.yaml', 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {\n');
  await assert.rejects(join({ policy, joinTimeoutMs: 60_000, log() {} }), (error) => {
    assert.ok(isMeshError(error, 'HEDDLE_INVALID_POLICY'), String(error));
    assert.match(error.message, /bad\.yaml:\d+/);
    return true;
  });
});

test('close lets a call that is under way finish, and takes no more', LIMIT, async (t) => {
  const policy = await folder(t);
  const waiting: (() => void)[] = [];
  const port = await serve(t, (_request, response) => void waiting.push(() => response.end('finished')));
  await write(policy, 'a.yaml', entry('svc.test', port));
  const mesh = await member(t, { policy });
  const pending = mesh.fetch('http://svc.test/');
  await until(() => waiting.length === 1);
  const closed = mesh.close();
  waiting[0]!();
  assert.equal(await (await pending).text(), 'finished');
  await closed;
  await assert.rejects(mesh.fetch('http://svc.test/'), (error) => isMeshError(error, 'HEDDLE_CLOSED'));
  await assert.rejects(
    mesh.listen(() => {}, 0),
    (error) => isMeshError(error, 'HEDDLE_CLOSED'),
  );
  await mesh.close();
});

test('close does not wait for ever: a call that outlives the drain fails with CLOSED', LIMIT, async (t) => {
  const policy = await folder(t);
  let asked = false;
  const port = await serve(t, () => {
    asked = true;
  });
  await write(policy, 'a.yaml', entry('svc.test', port));
  const mesh = await member(t, { policy, drainTimeoutMs: 50 });
  const pending = mesh.fetch('http://svc.test/');
  await until(() => asked);
  const [outcome] = await Promise.all([pending.catch((error: unknown) => error), mesh.close()]);
  assert.ok(isMeshError(outcome, 'HEDDLE_CLOSED'), String(outcome));
  assert.equal(outcome.sent, 'maybe');
});

test('a response that nobody read does not hold up the close', LIMIT, async (t) => {
  const policy = await folder(t);
  const port = await serve(t, (_request, response) => void response.end('small'));
  await write(policy, 'a.yaml', entry('svc.test', port));
  const mesh = await member(t, { policy });
  assert.equal((await mesh.fetch('http://svc.test/')).status, 200);
  await mesh.close();
});

test('two meshes in one process do not notice each other', LIMIT, async (t) => {
  const [first, second] = [await folder(t), await folder(t)];
  const ports = [
    await serve(t, (_request, response) => void response.end('first')),
    await serve(t, (_request, response) => void response.end('second')),
  ];
  await write(first, 'a.yaml', entry('svc.test', ports[0]!) + entry('only.first', ports[0]!));
  await write(second, 'a.yaml', entry('svc.test', ports[1]!));
  const one = await member(t, { policy: first });
  const two = await member(t, { policy: second });
  assert.equal(await (await one.fetch('http://svc.test/')).text(), 'first');
  assert.equal(await (await two.fetch('http://svc.test/')).text(), 'second');
  await assert.rejects(two.fetch('http://only.first/'), (error) => isMeshError(error, 'HEDDLE_NO_ROUTE'));

  // A handler of one that calls through the other carries nothing over: each has its own context.
  const { port } = await one.listen(async (_request, response) => {
    const inner = await two.fetch('http://svc.test/');
    response.end(`${await inner.text()} ${two.context() === undefined} ${one.context() !== undefined}`);
  }, 0);
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  assert.equal(await answer.text(), 'second true true');
  await one.close();
  assert.equal(await (await two.fetch('http://svc.test/')).text(), 'second');
});

test('with policy from files paths are made equal as the settings say', LIMIT, async (t) => {
  const policy = await folder(t);
  await write(
    policy,
    'a.yaml',
    `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-admin }
spec: { action: DENY, rules: [{ to: [{ operation: { paths: [/admin] } }] }] }
`,
  );
  const statusOf = async (options: JoinOptions) => {
    const mesh = await member(t, { policy, ...options });
    const { port } = await mesh.listen((_request, response) => void response.end('in'), 0);
    const answer = await fetch(`http://127.0.0.1:${port}//admin`);
    await answer.text();
    return answer.status;
  };
  assert.equal(await statusOf({}), 200);
  assert.equal(await statusOf({ pathNormalization: 'MERGE_SLASHES' }), 403);
});
