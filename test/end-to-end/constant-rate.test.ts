/**
 * The one that nobody publishes: calls at a constant rate while policy, certificates and endpoints all change and the config service is
 * killed and started again. Not one of them fails. `CONSTANT_RATE_SECONDS=600 npm test -- constant-rate` is the long form.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { join, type Mesh } from 'heddle';
import { ConfigService } from './config-service.js';
import { Replicas } from './replicas.js';

const SECONDS = Number(process.env.CONSTANT_RATE_SECONDS ?? 25);
const RATE = 80;
/** Certificates are renewed at half of it. */
const SVID_TTL_MS = 30_000;

test('not one call fails while policy, certificates, endpoints and the config service change', {
  timeout: (SECONDS + 120) * 1_000,
}, async (t) => {
  const service = await ConfigService.start(t, SVID_TTL_MS);
  await service.post('/v1/apply', {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: 'default' },
    spec: { mtls: { mode: 'STRICT' } },
  });
  await service.version('0');
  // Whoever leaves while the config service is away cannot say so: its endpoint stays until its lease ends, and nobody answers there.
  await service.post('/v1/apply', {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'reviews', namespace: 'default' },
    spec: {
      host: 'reviews',
      trafficPolicy: {
        outlierDetection: {
          consecutive5xxErrors: 1,
          interval: '1s',
          baseEjectionTime: '10s',
          maxEjectionPercent: 50,
        },
      },
    },
  });
  const replicas = new Replicas(t, await service.environment('reviews'));
  await Promise.all([replicas.add(), replicas.add()]);
  const { HEDDLE_CONTROL: control = '', HEDDLE_TOKEN: token = '' } = await service.environment('productpage');
  const log: string[] = [];
  const mesh = await join({ control, token, serviceAccount: 'productpage', log: (line) => log.push(line) });
  t.after(() => mesh.close());

  const until = Date.now() + SECONDS * 1_000;
  const failures: string[] = [];
  const versions = new Set<string | null>();
  const instances = new Set<string>();
  let calls = 0;

  const call = async (number: number): Promise<void> => {
    const init = number % 4 === 0 ? { method: 'POST', body: 'x'.repeat(1_000) } : {};
    try {
      const response = await mesh.fetch(`http://reviews/item?id=${number}`, init);
      const body = (await response.json()) as {
        id: string;
        received: number;
        instance: string;
        peer: string;
      };
      assert.equal(response.status, 200);
      assert.deepEqual([body.id, body.received], [String(number), init.body?.length ?? 0]);
      assert.equal(body.peer, 'spiffe://cluster.local/ns/default/sa/productpage');
      versions.add(response.headers.get('x-version'));
      instances.add(body.instance);
    } catch (error) {
      failures.push(
        `call ${number}, ${init.method ?? 'GET'}: ${String(error)} ${String((error as Error).cause)}`,
      );
    }
  };
  // By the clock, not one after the other: a call that is slow does not spare the others.
  const traffic = (async () => {
    const pending: Promise<void>[] = [];
    const began = Date.now();
    while (Date.now() < until) {
      const due = Math.floor(((Date.now() - began) / 1_000) * RATE);
      for (; calls < due; calls += 1) pending.push(call(calls));
      await delay(5);
    }
    await Promise.all(pending);
  })();
  const endpoints = (async () => {
    while (Date.now() < until - 2_000) {
      const added = await replicas.add();
      // As a rollout does: nobody is told to leave before whoever takes over is in service.
      while (!knows(mesh, Number(added.lines[0]))) await delay(50);
      await delay(500);
      await replicas.retire();
      await delay(500);
    }
  })();
  let restarts = 0;
  let applied = 0;
  while (Date.now() < until - 2_000) {
    for (let i = 0; i < 5; i += 1) {
      applied += 1;
      await service.version(String(applied));
      await delay(300);
    }
    await service.kill();
    await delay(700);
    await service.run();
    restarts += 1;
    await delay(1_000);
  }
  await Promise.all([traffic, endpoints]);

  assert.deepEqual(failures, [], log.slice(-50).join('\n'));
  assert.ok(calls > SECONDS * RATE * 0.5, `${calls} calls`);
  const renewals = log.filter((line) => line.startsWith('certificate.renewed')).length;
  t.diagnostic(
    `${calls} calls, ${versions.size} policies seen of ${applied}, ${instances.size} processes, ${renewals} certificates, ${restarts} restarts`,
  );
  assert.ok(versions.size > 2 && instances.size > 2 && restarts > 0 && renewals > 0);
  // What may not be repeated was carried out once.
  const { times } = replicas.done();
  for (const [what, count] of times) if (what.startsWith('POST')) assert.equal(count, 1, what);
});

/** Does the caller know of the endpoint at `port`? */
function knows(mesh: Mesh, port: number): boolean {
  const endpoints = mesh.status().clusters.flatMap((cluster) => cluster.endpoints);
  return endpoints.some(({ key }) => key.endsWith(`:${port}`));
}
