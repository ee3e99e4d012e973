/**
 * Mixed traffic while the processes that serve it are killed, frozen, slow, or break off in the middle of an answer; and what has to hold
 * whatever happens to them. What happens is drawn from a seed, which is printed. `CHAOS_SECONDS=180 CHAOS_SEED=7 npm test -- chaos`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isMeshError, join, type Mesh } from 'heddle';
import { seededRandom } from 'heddle/ports';
import { ConfigService } from './config-service.js';
import { Replicas } from './replicas.js';

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 25);
const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1e9));
const REPLICAS = 3;
const WORKERS = 12;
const TIMEOUT_MS = 2_000;
const MAX_EJECTION_PERCENT = 67;

const POLICY = [
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'reviews', namespace: 'default' },
    spec: {
      host: 'reviews',
      trafficPolicy: {
        outlierDetection: {
          consecutive5xxErrors: 3,
          interval: '500ms',
          baseEjectionTime: '1s',
          maxEjectionPercent: MAX_EJECTION_PERCENT,
        },
      },
    },
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'reviews', namespace: 'default' },
    spec: {
      hosts: ['reviews'],
      http: [
        {
          match: [{ method: { exact: 'GET' } }],
          route: [{ destination: { host: 'reviews' } }],
          timeout: `${TIMEOUT_MS}ms`,
          retries: { attempts: 2, perTryTimeout: '500ms', retryOn: 'reset,connect-failure,5xx' },
        },
        { route: [{ destination: { host: 'reviews' } }], timeout: `${TIMEOUT_MS}ms` },
      ],
    },
  },
];

/** What became of one call. */
type End = 'answered' | 'failed' | 'given up';

test('whatever happens to the processes that serve, no call is lost, none is answered twice, none unsafe is repeated', {
  timeout: (SECONDS + 150) * 1_000,
}, async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const random = seededRandom(SEED);
  const service = await ConfigService.start(t);
  for (const resource of POLICY) await service.post('/v1/apply', resource);
  const replicas = new Replicas(t, await service.environment('reviews'));
  for (let i = 0; i < REPLICAS; i += 1) await replicas.add();
  const { HEDDLE_CONTROL: control = '', HEDDLE_TOKEN: token = '' } = await service.environment('productpage');
  const mesh = await join({ control, token, serviceAccount: 'productpage', log: () => {} });
  t.after(() => mesh.close());

  const until = Date.now() + SECONDS * 1_000;
  const ends: Record<End, number> = { answered: 0, failed: 0, 'given up': 0 };
  const strange: string[] = [];
  let calls = 0;
  let kills = 0;

  const worker = async (): Promise<void> => {
    while (Date.now() < until) {
      calls += 1;
      const id = String(calls);
      const began = Date.now();
      const end = await carryOut(mesh, id, random.next(), strange);
      ends[end] += 1;
      if (Date.now() - began > TIMEOUT_MS + 3_000) strange.push(`${id} took ${Date.now() - began} ms`);
      await delay(5);
    }
  };
  const watch = async (): Promise<void> => {
    while (Date.now() < until) {
      for (const { name, endpoints } of mesh.status().clusters) {
        const ejected = endpoints.filter((endpoint) => endpoint.ejected).length;
        if (100 * ejected > MAX_EJECTION_PERCENT * Math.max(endpoints.length, REPLICAS))
          strange.push(`${name}: ${ejected} of ${endpoints.length} are ejected`);
      }
      await delay(50);
    }
  };
  const chaos = async (): Promise<void> => {
    while (Date.now() < until - 3_000) {
      const victim = replicas.running[Math.floor(random.next() * replicas.running.length)]!;
      const drawn = random.next();
      if (drawn < 0.4) {
        kills += 1;
        victim.kill('SIGKILL');
        replicas.running.splice(replicas.running.indexOf(victim), 1);
        await delay(200 + 500 * random.next());
        await replicas.add();
      } else if (drawn < 0.8) {
        victim.kill('SIGSTOP');
        await delay(200 + 1_500 * random.next());
        victim.kill('SIGCONT');
      } else {
        await replicas.add();
        await replicas.retire();
      }
      await delay(300 * random.next());
    }
  };
  await Promise.all([...Array.from({ length: WORKERS }, worker), watch(), chaos()]);
  assert.ok(connectionsTo(replicas) > 0);

  t.diagnostic(`${calls} calls: ${JSON.stringify(ends)}, ${kills} kills`);
  assert.deepEqual(strange, []);
  // Each came to exactly one end, and not all to a bad one.
  assert.equal(ends.answered + ends.failed + ends['given up'], calls);
  assert.ok(ends.answered > calls / 2 && kills > 0, JSON.stringify(ends));
  assert.deepEqual(
    mesh.status().clusters.map(({ active, retriesOutstanding }) => [active, retriesOutstanding]),
    mesh.status().clusters.map(() => [0, 0]),
  );
  await mesh.close();
  for (let i = 0; i < 100 && connectionsTo(replicas) > 0; i += 1) await delay(20);
  assert.equal(connectionsTo(replicas), 0);
  const { times, retries } = replicas.done();
  const carriedOut = [...times.values()].reduce((sum, count) => sum + count, 0);
  t.diagnostic(`${carriedOut} carried out, ${retries} retries`);
  for (const [what, count] of times) if (what.startsWith('POST')) assert.equal(count, 1, what);
  // A retry after an attempt that reached nobody is free; those that multiply the load are a fifth of the calls at most.
  assert.ok(carriedOut <= 1.2 * calls, `${carriedOut} of ${calls} calls, ${retries} retries`);
});

/** As the kernel sees them. */
function connectionsTo({ running }: Replicas): number {
  const ports = new Set(running.map(({ lines }) => Number(lines[0])));
  const rows = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  return rows.filter((row) => {
    const [, , remote = '', state] = row.trim().split(/\s+/);
    return state === ESTABLISHED && ports.has(Number.parseInt(remote.slice(-4), 16));
  }).length;
}

const ESTABLISHED = '01';

/** One call of a kind that `drawn` chooses. Tells in `strange` what must not be. */
async function carryOut(mesh: Mesh, id: string, drawn: number, strange: string[]): Promise<End> {
  const unsafe = drawn < 0.25;
  const path = drawn > 0.8 ? '/reset' : drawn > 0.7 ? '/slow' : '/item';
  const impatient = drawn > 0.65 && drawn < 0.75;
  const url = `http://reviews${path}?id=${id}`;
  const giveUp = new AbortController();
  const timer = impatient ? setTimeout(() => giveUp.abort(), drawn * 100) : undefined;
  const body = unsafe ? 'x'.repeat(Math.floor(drawn * 400_000)) : null;
  const init = { method: unsafe ? 'POST' : 'GET', body, signal: giveUp.signal };
  try {
    const text =
      drawn * 100 - Math.floor(drawn * 100) < 0.5
        ? await (await mesh.fetch(url, init)).text()
        : await (await mesh.request(url, init)).body.text();
    const answer = JSON.parse(text) as { id: string; received: number };
    if (answer.id !== id) strange.push(`${id} was answered with ${answer.id}`);
    if (answer.received !== (body?.length ?? 0)) strange.push(`${id} lost some of its body`);
    if (path === '/reset') strange.push(`${id} was answered, and its answer broken off`);
    return 'answered';
  } catch (error) {
    if (giveUp.signal.aborted) return 'given up';
    if (!isMeshError(error)) strange.push(`${id}: ${String(error)}`);
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
}
