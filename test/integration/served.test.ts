/** Ports of a mesh that is left. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { test } from 'node:test';
import { isMeshError, join } from 'heddle';

test('a port that is still being opened when the mesh is closed is closed with it', {
  timeout: 60_000,
}, async (t) => {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-served-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const policy = path(folder, 'policy.yaml');
  await writeFile(policy, '---\n');
  const mesh = await join({ policy, drainTimeoutMs: 0, joinTimeoutMs: 60_000, log() {} });
  const opening = mesh.listen((_request, response) => response.end(), 0, { address: '127.0.0.1' });
  const refused = assert.rejects(opening, (error) => isMeshError(error, 'HEDDLE_CLOSED'));
  await mesh.close();
  await refused;
  assert.deepEqual(mesh.status().listeners, []);
});

test('the port of one server that is closed is taken back from callers, and the others stay', {
  timeout: 60_000,
}, async (t) => {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-served-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const policy = path(folder, 'policy.yaml');
  await writeFile(policy, '---\n');
  const mesh = await join({ policy, service: 'shop', drainTimeoutMs: 0, joinTimeoutMs: 60_000, log() {} });
  t.after(() => mesh.close());
  let under: ServerResponse | undefined;
  const first = await mesh.listen((_request, response) => (under = response), 0, { address: '127.0.0.1' });
  const second = await mesh.listen(() => {}, 0, { address: '127.0.0.1', servicePort: 81 });
  const ports = () => mesh.status().listeners.map(({ port }) => port);
  assert.deepEqual(ports(), [first.port, second.port]);
  const asked = fetch(`http://127.0.0.1:${first.port}/`);
  while (under === undefined) await new Promise((resolve) => setImmediate(resolve));
  const closing = first.close();
  assert.deepEqual(ports(), [second.port]);
  under.end('done');
  assert.equal(await (await asked).text(), 'done');
  await closing;
});

test('a server that a caller in its own process has called over HTTP/2 closes, and nothing else has to hold the process', {
  timeout: 60_000,
}, async (t) => {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-served-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const program = path(folder, 'program.mjs');
  await writeFile(program, programOf(import.meta.resolve('heddle'), folder));
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = await once(child, 'close');
  assert.deepEqual([said, code], ['called over 2.0\nserver closed\nclient closed\n', 0]);
});

/** One server and one caller. */
const programOf = (heddle: string, folder: string) => `
import { writeFileSync } from 'node:fs';
import { join } from ${JSON.stringify(heddle)};
const policy = ${JSON.stringify(path(folder, 'policy.yaml'))};
writeFileSync(policy, '---\\n');
const options = { policy, joinTimeoutMs: 60_000, log() {} };
const server = await join(options);
const { port } = await server.listen((request, response) => response.end(request.httpVersion), 0, { address: '127.0.0.1' });
writeFileSync(policy, \`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  resolution: STATIC
  ports: [{ number: 80, name: main, protocol: HTTP2 }]
  endpoints: [{ address: 127.0.0.1, ports: { main: \${port} } }]\`);
const client = await join(options);
const answer = await client.fetch('http://svc.test/');
console.log('called over ' + (await answer.text()));
await server.close();
console.log('server closed');
await client.close();
console.log('client closed');
`;
