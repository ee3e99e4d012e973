import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.js';
import { isMeshError } from '../../base/errors.js';
import type { Source } from '../../base/source.js';
import type { EffectivePolicy } from '../../policy/effective.js';
import type { PolicySource } from '../../policy/source.js';
import { keepAlive } from '../keep-alive.js';
import { openPolicyFiles } from './index.js';

const never = new AbortController().signal;
const scope = { namespace: 'default', service: 'productpage', labels: { app: 'productpage' } };

function serviceEntry(name: string): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: ${name}
spec:
  hosts: [${name}.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: 80, name: http, protocol: HTTP }
  endpoints:
    - address: 127.0.0.1
`;
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'heddle-policy-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

function open(t: TestContext, path: string): PolicySource {
  const source = openPolicyFiles(path, { scope, clock: systemClock, debounceMs: 1, rescanMs: 200 });
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

const names = (policy: EffectivePolicy | null) => policy?.hosts.map(({ host }) => host.split('.')[0]) ?? [];

const untilHosts = (source: PolicySource, ...wanted: string[]) =>
  until(source.policy, (policy) => names(policy).sort().join() === wanted.sort().join());

test('a folder is read with all below it, and hidden files and other kinds of files are left out', async (t) => {
  const path = await folder(t);
  await mkdir(join(path, 'sub'));
  await writeFile(join(path, 'a.yaml'), serviceEntry('a'));
  await writeFile(join(path, 'sub', 'b.yml'), `${serviceEntry('b')}---\n${serviceEntry('c')}`);
  await writeFile(join(path, '.hidden.yaml'), 'not: [policy');
  await writeFile(join(path, 'README.md'), 'not: [policy');
  const source = open(t, path);
  await source.ready(never);
  assert.deepEqual(names(source.policy.current()).sort(), ['a', 'b', 'c']);
  assert.equal(source.policy.current()?.revision, 1);
  assert.equal(source.status.current().connected, true);
  const [endpoints] = source.policy.current()!.endpoints;
  assert.equal(endpoints?.ports['80']?.[0]?.address, '127.0.0.1');
});

test('files that come, change, go and are replaced by renaming are noticed', async (t) => {
  const path = await folder(t);
  const file = join(path, 'a.yaml');
  await writeFile(file, serviceEntry('a'));
  const source = open(t, path);
  await untilHosts(source, 'a');
  await writeFile(join(path, 'b.yaml'), serviceEntry('b'));
  await untilHosts(source, 'a', 'b');
  await writeFile(join(path, '.a.swp'), serviceEntry('c'));
  await rename(join(path, '.a.swp'), file);
  await untilHosts(source, 'b', 'c');
  await mkdir(join(path, 'new'));
  await writeFile(join(path, 'new', 'd.yaml'), serviceEntry('d'));
  await untilHosts(source, 'b', 'c', 'd');
  await rm(file);
  await untilHosts(source, 'b', 'd');
});

test('a single file can be the path, and editors may replace it', async (t) => {
  const path = await folder(t);
  const file = join(path, 'policy.yaml');
  await writeFile(file, serviceEntry('a'));
  const source = open(t, file);
  await untilHosts(source, 'a');
  await writeFile(join(path, 'policy.yaml~'), serviceEntry('b'));
  await rename(join(path, 'policy.yaml~'), file);
  await untilHosts(source, 'b');
});

test('a mounted ConfigMap, whose link is swapped, is followed and each of its files is read once', async (t) => {
  const path = await folder(t);
  for (const [version, name] of [
    ['..v1', 'a'],
    ['..v2', 'b'],
  ] as const) {
    await mkdir(join(path, version));
    await writeFile(join(path, version, 'policy.yaml'), serviceEntry(name));
  }
  await symlink('..v1', join(path, '..data'));
  await symlink(join('..data', 'policy.yaml'), join(path, 'policy.yaml'));
  const source = open(t, path);
  await untilHosts(source, 'a');
  await symlink('..v2', join(path, '..data_tmp'));
  await rename(join(path, '..data_tmp'), join(path, '..data'));
  await untilHosts(source, 'b');
});

test('a folder that is replaced by another of the same name is followed', async (t) => {
  const parent = await folder(t);
  const path = join(parent, 'policy');
  for (const name of ['a', 'b']) {
    await mkdir(join(parent, name));
    await writeFile(join(parent, name, 'policy.yaml'), serviceEntry(name));
  }
  await symlink('a', path);
  const source = open(t, path);
  await untilHosts(source, 'a');
  await symlink('b', join(parent, 'next'));
  await rename(join(parent, 'next'), path);
  await untilHosts(source, 'b');
  await writeFile(join(parent, 'b', 'more.yaml'), serviceEntry('c'));
  await untilHosts(source, 'b', 'c');
});

test('folders that contain each other by links are read once', async (t) => {
  const path = await folder(t);
  await writeFile(join(path, 'a.yaml'), serviceEntry('a'));
  await symlink('.', join(path, 'loop'));
  const source = open(t, path);
  await untilHosts(source, 'a');
});

test('a bad resource leaves the good policy in force, and the status says file, line, column, field and reason', async (t) => {
  const path = await folder(t);
  const bad = join(path, 'b.yaml');
  await writeFile(join(path, 'a.yaml'), serviceEntry('a'));
  const source = open(t, path);
  await untilHosts(source, 'a');
  await writeFile(bad, serviceEntry('b').replace('location: MESH_INTERNAL', 'location: NOWHERE'));
  const { refused, lastError, revision, staleSince } = await until(
    source.status,
    (status) => status.refused !== null,
  );
  assert.equal(refused?.revision, 2);
  assert.equal(revision, 1);
  assert.ok(staleSince !== null);
  assert.match(lastError!, /b\.yaml:7:\d+ spec\.location /);
  assert.deepEqual(names(source.policy.current()), ['a']);
  await writeFile(bad, serviceEntry('b'));
  await untilHosts(source, 'a', 'b');
  assert.equal(source.status.current().refused, null);
  assert.equal(source.status.current().staleSince, null);
  assert.equal(source.policy.current()?.revision, 3);
});

test('a resource that is there twice is refused, with the place of both', async (t) => {
  const path = await folder(t);
  await writeFile(join(path, 'a.yaml'), serviceEntry('a'));
  await writeFile(join(path, 'b.yaml'), serviceEntry('a'));
  const failed = open(t, path).ready(never);
  await assert.rejects(
    failed,
    /b\.yaml:4:\d+ metadata\.name ServiceEntry default\/a is already in .*a\.yaml:4:\d+/,
  );
});

test('bad policy at the start is refused at once, for nobody mends it meanwhile', async (t) => {
  const path = await folder(t);
  await writeFile(join(path, 'a.yaml'), 'a: [b\n');
  const failed = open(t, path).ready(never);
  await assert.rejects(
    failed,
    (error) => isMeshError(error, 'HEDDLE_INVALID_POLICY') && /a\.yaml:\d+:\d+ /.test(error.message),
  );
});

test('a file that is not UTF-8 is named with its place, and read when it is', async (t) => {
  const path = await folder(t);
  const file = join(path, 'a.yaml');
  await writeFile(file, Buffer.from(`# caf\xe9\n${serviceEntry('a')}`, 'latin1'));
  const source = open(t, path);
  await until(source.status, ({ lastError }) => lastError !== null);
  assert.match(source.status.current().lastError!, /a\.yaml:1:6 byte 0xe9 is not UTF-8/);
  await writeFile(file, `# café\n${serviceEntry('a')}`);
  await untilHosts(source, 'a');
});

test('a path that is missing is named when the time is over, and read when it comes', async (t) => {
  const path = join(await folder(t), 'later');
  const source = open(t, path);
  await until(source.status, (status) => status.lastError !== null);
  await assert.rejects(
    source.ready(AbortSignal.abort()),
    (error) =>
      isMeshError(error, 'HEDDLE_JOIN_FAILED') && error.message.includes(`no file or folder ${path}`),
  );
  await mkdir(path);
  await writeFile(join(path, 'a.yaml'), serviceEntry('a'));
  await untilHosts(source, 'a');
});

test('a folder that goes away takes no policy with it', async (t) => {
  const path = join(await folder(t), 'policy');
  await mkdir(path);
  await writeFile(join(path, 'a.yaml'), serviceEntry('a'));
  const source = open(t, path);
  await untilHosts(source, 'a');
  await rename(path, `${path}.gone`);
  const status = await until(source.status, ({ connected }) => !connected);
  assert.ok(status.staleSince !== null);
  assert.deepEqual(names(source.policy.current()), ['a']);
  await rename(`${path}.gone`, path);
  await until(source.status, ({ connected }) => connected);
  assert.equal(source.policy.current()?.revision, 1);
  assert.equal(source.status.current().lastError, null);
});

test('a policy that the workload itself refuses is said to be refused', async (t) => {
  const path = await folder(t);
  await writeFile(join(path, 'a.yaml'), serviceEntry('a'));
  const source = open(t, path);
  await source.ready(never);
  source.report(1, { accepted: false, because: ['a bad regex'] });
  assert.equal(source.status.current().refused?.messages[0]?.message, 'a bad regex');
  source.report(7, { accepted: false, because: ['not asked'] });
  assert.equal(source.status.current().refused?.revision, 1);
});

test('a closed source ends all waiting', async (t) => {
  const source = open(t, join(await folder(t), 'never'));
  const waiting = assert.rejects(source.ready(never), (error) => isMeshError(error, 'HEDDLE_CLOSED'));
  await source.close();
  await waiting;
});
