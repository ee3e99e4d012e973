/** A program whose undici is instrumented as by OpenTelemetry: the mesh's calls carry one trace, and are not counted twice. */
import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { test } from 'node:test';
import { context, createContextKey } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { join } from 'heddle';

const THEIRS = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OURS = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('an instrumentation of undici adds no field to calls of the mesh', {
  timeout: 60_000,
}, async (t) => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const suppressed = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
  subscribe('undici:request:create', (message) => {
    // As it is done by @opentelemetry/instrumentation-undici.
    const { request: created } = message as { request: { addHeader(name: string, value: string): void } };
    if (context.active().getValue(suppressed) !== true) created.addHeader('traceparent', THEIRS);
  });
  const seen: string[][] = [];
  const server = createServer(({ rawHeaders }, response) => {
    seen.push(rawHeaders.filter((_, index) => rawHeaders[index - 1] === 'traceparent'));
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(path(tmpdir(), 'heddle-instrumented-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const policy = path(folder, 'policy.yaml');
  await writeFile(
    policy,
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: main, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { main: ${port} } }]`,
  );
  const mesh = await join({ policy, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {} });
  t.after(() => mesh.close());
  const headers = { traceparent: OURS };
  await (await mesh.fetch('http://svc.test/', { headers })).text();
  await (await mesh.request('http://svc.test/', { headers })).body.text();
  const viaAgent = request('http://svc.test/', { agent: mesh.agent, headers }).end();
  const [response] = await once(viaAgent, 'response');
  response.resume();
  await once(response, 'end');
  const dispatched = { headers, dispatcher: mesh.dispatcher as never };
  await (await fetch('http://svc.test/', dispatched)).text();
  assert.deepEqual(
    seen.map((all) => all.length),
    [1, 1, 1, 1],
  );
  assert.ok(seen.every(([one]) => one !== THEIRS));
});
