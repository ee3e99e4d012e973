import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from '../base/deadlines.js';
import { emptyFields } from '../base/headers.js';
import { FakeClock, seededRandom } from '../base/testing.js';
import type { Destination } from '../model/destination.js';
import type { Outcome } from '../model/outcome.js';
import type { EffectiveCluster } from '../policy/effective.js';
import { noTelemetry } from '../ports/telemetry.js';
import type { ProbeResult } from '../ports/transport.js';
import type { Caller } from '../traffic/balance/index.js';
import { type HealthCheckInput, healthCheckFrom } from '../traffic/health/policy.js';
import { outlierPolicyFrom } from '../traffic/outlier/policy.js';
import { Binder, destinationsOf } from './bind.js';
import { Outbound, runCall } from './call.js';
import { cluster, endpoint, policy, REVIEWS, type Sent, Wire, type World } from './fixtures.test.helper.js';
import { clusterStatuses } from './status.js';

const HTTP: HealthCheckInput = {
  http: { path: '/healthz' },
  intervalMs: 1_000,
  timeoutMs: 200,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
  noTrafficIntervalMs: 5_000,
  unhealthyIntervalMs: 300,
  jitterPercent: 0,
};

function checked(input: HealthCheckInput = {}, changes: Partial<EffectiveCluster> = {}): EffectiveCluster {
  return cluster({ health: healthCheckFrom({ ...HTTP, ...input }), ...changes });
}

interface Probed {
  readonly destination: Destination;
  readonly done: (result: ProbeResult) => void;
  givenUp: boolean;
}

/** Calls over one wire, checks over another, both played by the test. */
class Clinic {
  readonly clock = new FakeClock();
  readonly calls = new Wire();
  readonly checks = new Wire();
  readonly probes: Probed[] = [];
  readonly events: string[] = [];
  readonly outbound: Outbound;
  readonly binder: Binder;

  constructor(world: World, caller: Caller = { locality: '', labels: {} }) {
    const { clock } = this;
    const random = seededRandom(1);
    this.outbound = new Outbound({
      ...{ clock, random, transport: this.calls },
      deadlines: new Deadlines(clock),
      ambient: () => undefined,
    });
    this.binder = new Binder({
      ...{ clock, random, telemetry: noTelemetry, callFilters: [], caller },
      event: (name, { endpoint: key, because }) => {
        this.events.push(`${clock.now()} ${name} ${key}${because === undefined ? '' : ` ${because}`}`);
      },
      checks: {
        transport: this.checks,
        probe: (destination, done) => {
          const probed: Probed = { destination, done, givenUp: false };
          this.probes.push(probed);
          return () => {
            probed.givenUp = true;
          };
        },
      },
    });
    this.accept(world);
  }

  accept(world: World): void {
    this.outbound.snapshot = this.binder.bind(policy(world));
  }

  call(): Promise<Outcome> {
    return runCall(
      this.outbound,
      this.outbound.begin({
        ...{ method: 'GET', scheme: 'http', authority: 'reviews', path: '/' },
        ...{ headers: emptyFields(), body: null },
      }),
    );
  }

  /** One call, so that the cluster is one that is called. */
  async use(): Promise<void> {
    const before = this.calls.answer;
    this.calls.answer = (sent) => sent.respond(200);
    await this.call();
    this.calls.answer = before;
  }

  health(): (string | null)[] {
    const [status] = clusterStatuses(this.outbound.snapshot);
    return status!.endpoints.map(({ health }) => health);
  }

  /** Checks sent so far, by endpoint: `[10.0.0.1's, 10.0.0.2's, …]`. */
  counts(): number[] {
    const counts: number[] = [];
    for (const { endpoint: key } of this.checks.sent) {
      const index = Number(key.split(':')[0]!.split('.')[3]) - 1;
      counts[index] = (counts[index] ?? 0) + 1;
    }
    return counts;
  }
}

const isFirst = (sent: Sent) => sent.endpoint.startsWith('10.0.0.1:');

test('each endpoint is asked at once, then again when its interval is over; before the first call that is the longer one', async () => {
  const clinic = new Clinic({ clusters: [checked()] });
  clinic.checks.answer = (sent) => sent.respond(200);
  assert.equal(clinic.checks.sent.length, 0, 'nothing is sent while the policy is bound');
  await clinic.clock.advanceAsync(0);
  assert.deepEqual(clinic.counts(), [1, 1, 1]);
  assert.deepEqual(clinic.health(), ['healthy', 'healthy', 'healthy']);
  await clinic.clock.advanceAsync(4_999);
  assert.deepEqual(clinic.counts(), [1, 1, 1]);
  await clinic.use();
  await clinic.clock.advanceAsync(1);
  assert.deepEqual(clinic.counts(), [2, 2, 2]);
  await clinic.clock.advanceAsync(3_000);
  assert.deepEqual(clinic.counts(), [5, 5, 5]);
});

test('a check asks what policy says, by the name of the service, and is no call', async () => {
  const http = { path: '/healthz?deep=1', method: 'HEAD', headers: { 'X-Probe': 'yes' } };
  const clinic = new Clinic({ clusters: [checked({ http })], endpoints: [endpoint(1)] });
  await clinic.clock.advanceAsync(0);
  const { call } = clinic.checks.last.attempt;
  assert.deepEqual(
    [call.method, call.path, call.authority, call.headers['x-probe']],
    ['HEAD', '/healthz?deep=1', REVIEWS, 'yes'],
  );
  const { state, endpoints } = clinic.outbound.snapshot!.clusters.values().next().value!;
  assert.deepEqual([state.limit.active, endpoints[0]!.inFlight, clinic.outbound.active], [0, 0, 0]);
  clinic.checks.last.respond(200);
  await clinic.clock.advanceAsync(0);
  assert.equal(state.limit.used, false, 'a check does not make the cluster one that is called');
});

test('checks have connections of their own, which the transport is told to keep, to another port if policy says so', async () => {
  const clinic = new Clinic({ clusters: [checked({ port: 9_090 })], endpoints: [endpoint(1)] });
  const kept = [...destinationsOf(clinic.outbound.snapshot!)];
  await clinic.clock.advanceAsync(0);
  const { destination } = clinic.checks.last.attempt.endpoint;
  assert.equal(kept.length, 2);
  assert.equal(kept[1], destination);
  assert.equal(destination.endpoint.key, '10.0.0.1:9090');
  assert.notEqual(kept[0]!.key, kept[1]!.key);
});

test('silence is a failure after the timeout; two take the endpoint out, and it is asked more often until it is back', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: [endpoint(1), endpoint(2)] });
  let silent = false;
  clinic.checks.answer = (sent) => {
    if (!silent || !isFirst(sent)) sent.respond(200);
  };
  await clinic.use();
  await clinic.clock.advanceAsync(0);
  silent = true;
  await clinic.clock.advanceAsync(1_000 + 200);
  assert.deepEqual(clinic.health(), ['healthy', 'healthy'], 'one failure is none');
  // 1 200: failed; 1 500: asked; 1 700: out.
  await clinic.clock.advanceAsync(499);
  assert.deepEqual(clinic.health(), ['healthy', 'healthy']);
  await clinic.clock.advanceAsync(1);
  assert.deepEqual(clinic.health(), ['unhealthy', 'healthy']);
  assert.equal(clinic.events.at(-1), '1700 endpoint.unhealthy 10.0.0.1:8080 timeout');
  clinic.calls.answer = (sent) => sent.respond(200);
  for (let time = 0; time < 10; time += 1) await clinic.call();
  assert.ok(clinic.calls.sent.slice(-10).every((sent) => !isFirst(sent)));
  silent = false;
  // 2 000: one pass; 3 000: two, as after a pass the usual interval holds.
  await clinic.clock.advanceAsync(1_299);
  assert.deepEqual(clinic.health(), ['unhealthy', 'healthy']);
  await clinic.clock.advanceAsync(1);
  assert.deepEqual(clinic.health(), ['healthy', 'healthy']);
  assert.equal(clinic.events.at(-1), '3000 endpoint.healthy 10.0.0.1:8080');
});

test('a status that is not expected takes the endpoint out at once; a connection that breaks off in the body counts as broken', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: [endpoint(1), endpoint(2)] });
  clinic.checks.answer = (sent) => sent.respond(200);
  await clinic.use();
  await clinic.clock.advanceAsync(0);
  clinic.checks.answer = (sent) => {
    if (isFirst(sent)) sent.respond(503);
    else sent.head(200).fail(new Error('gone'));
  };
  await clinic.clock.advanceAsync(1_000);
  assert.deepEqual(clinic.health(), ['unhealthy', 'healthy']);
  await clinic.clock.advanceAsync(300);
  assert.deepEqual(clinic.health(), ['unhealthy', 'unhealthy']);
  assert.deepEqual(clinic.events.slice(-2), [
    '1000 endpoint.unhealthy 10.0.0.1:8080 unexpected-status',
    '1300 endpoint.unhealthy 10.0.0.2:8080 unreachable',
  ]);
});

test('a body that never ends is given up with the timeout, a long one is judged by its head', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: [endpoint(1), endpoint(2)] });
  clinic.checks.answer = (sent) => {
    const body = sent.head(200);
    if (isFirst(sent)) return;
    body.push(Buffer.alloc(70_000));
  };
  await clinic.clock.advanceAsync(200);
  assert.deepEqual(clinic.health(), ['unhealthy', 'healthy']);
  const [endless, long] = clinic.checks.sent;
  assert.equal(endless!.attempt.stopped, 'cancelled');
  assert.match(String(long!.aborted[0]), /longer than anybody reads/);
});

test('what our own side could not send says nothing about the endpoint', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: [endpoint(1)] });
  clinic.checks.answer = (sent) => sent.fail('local-reset', 'no');
  await clinic.use();
  await clinic.clock.advanceAsync(10_000);
  assert.ok(clinic.checks.sent.length > 5);
  assert.deepEqual(clinic.health(), ['pending']);
});

test('with checks alone, all are picked from once fewer than half pass; where outlier detection speaks, its share holds', async () => {
  const broken = (sent: Sent) => sent.respond(404);
  const alone = new Clinic({ clusters: [checked()] });
  alone.checks.answer = broken;
  await alone.clock.advanceAsync(0);
  assert.deepEqual(alone.health(), ['unhealthy', 'unhealthy', 'unhealthy']);
  alone.calls.answer = (sent) => sent.respond(200);
  assert.equal((await alone.call()).kind, 'response');
  const strict = new Clinic({ clusters: [checked({}, { outlier: outlierPolicyFrom({}) })] });
  strict.checks.answer = broken;
  await strict.clock.advanceAsync(0);
  const outcome = await strict.call();
  assert.deepEqual(outcome.kind === 'rejected' && [outcome.code, outcome.flag], ['HEDDLE_NO_ENDPOINT', 'UH']);
});

test('a check that passes lets an ejected endpoint back', async () => {
  const outlier = outlierPolicyFrom({ consecutive5xxErrors: 1, maxEjectionPercent: 100 });
  const clinic = new Clinic({ clusters: [checked({}, { outlier })], endpoints: [endpoint(1), endpoint(2)] });
  clinic.checks.answer = (sent) => sent.respond(200);
  await clinic.use();
  await clinic.clock.advanceAsync(10);
  clinic.calls.answer = (sent) => sent.respond(isFirst(sent) ? 500 : 200);
  await clinic.call();
  await clinic.call();
  await clinic.clock.advanceAsync(989);
  assert.match(clinic.events.at(-1)!, /^10 endpoint\.ejected 10\.0\.0\.1/);
  await clinic.clock.advanceAsync(1);
  assert.equal(clinic.events.at(-1), '1000 endpoint.returned 10.0.0.1:8080');
});

test('slow start begins anew with the check that lets an endpoint back', async () => {
  const warmup = { durationMs: 10_000, minimumPercent: 10, aggression: 1 };
  const health = checked({}, { balancer: { kind: 'round-robin', warmup } });
  const clinic = new Clinic({ clusters: [health], endpoints: [endpoint(1), endpoint(2)] });
  clinic.calls.answer = (sent) => sent.respond(200);
  let well = true;
  clinic.checks.answer = (sent) => sent.respond(well || !isFirst(sent) ? 200 : 503);
  await clinic.clock.advanceAsync(20_000);
  const firstOf = async (calls: number) => {
    clinic.calls.sent.length = 0;
    for (let call = 0; call < calls; call += 1) await clinic.call();
    return clinic.calls.sent.filter(isFirst).length;
  };
  assert.equal(await firstOf(20), 10);
  well = false;
  await clinic.clock.advanceAsync(5_000);
  assert.equal(await firstOf(20), 0);
  well = true;
  const before = clinic.events.length;
  while (clinic.events.length === before) await clinic.clock.advanceAsync(1);
  assert.match(clinic.events.at(-1)!, /endpoint\.healthy 10\.0\.0\.1/);
  assert.equal(await firstOf(110), 10);
  await clinic.clock.advanceAsync(5_000);
  assert.equal(await firstOf(90), 30);
  await clinic.clock.advanceAsync(5_000);
  assert.equal(await firstOf(20), 10);
});

test('an endpoint that asks to be left out, in the answer to a call, is; it comes back by passing checks', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: [endpoint(1)] });
  clinic.checks.answer = (sent) => sent.respond(200);
  await clinic.clock.advanceAsync(0);
  clinic.calls.answer = (sent) => sent.head(200, { 'x-envoy-immediate-health-check-fail': 'true' }).end();
  await clinic.call();
  assert.deepEqual(clinic.health(), ['unhealthy']);
  await clinic.clock.advanceAsync(6_000);
  assert.deepEqual(clinic.health(), ['healthy']);
});

test('endpoints that come are asked at once, those that go no more; the others are not disturbed', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: [endpoint(1), endpoint(2)] });
  clinic.checks.answer = (sent) => sent.respond(200);
  await clinic.use();
  await clinic.clock.advanceAsync(500);
  clinic.accept({ clusters: [checked()], endpoints: [endpoint(2), endpoint(3)], revision: 2 });
  await clinic.clock.advanceAsync(499);
  assert.deepEqual(clinic.counts(), [1, 1, 1]);
  await clinic.clock.advanceAsync(1);
  assert.deepEqual(clinic.counts(), [1, 2, 1]);
  await clinic.clock.advanceAsync(500);
  assert.deepEqual(clinic.counts(), [1, 2, 2]);
  assert.deepEqual(clinic.health(), ['healthy', 'healthy']);
});

test('a policy that says something else of checks holds at once; what is known of endpoints stays', async () => {
  const clinic = new Clinic({ clusters: [checked({ intervalMs: 3_600_000 })], endpoints: [endpoint(1)] });
  clinic.checks.answer = (sent) => sent.respond(200);
  await clinic.use();
  await clinic.clock.advanceAsync(10);
  clinic.accept({ clusters: [checked({ http: { path: '/ready' } })], endpoints: [endpoint(1)] });
  assert.deepEqual(clinic.health(), ['healthy']);
  await clinic.clock.advanceAsync(0);
  assert.equal(clinic.checks.last.attempt.call.path, '/ready');
  await clinic.clock.advanceAsync(1_000);
  assert.deepEqual(clinic.counts(), [3]);
  clinic.accept({ clusters: [cluster()], endpoints: [endpoint(1)] });
  assert.deepEqual(clinic.health(), [null]);
  assert.equal(clinic.clock.pending, 0);
});

test('a check under way is given up when its endpoint leaves, and nothing is left behind', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: [endpoint(1)] });
  await clinic.clock.advanceAsync(0);
  const { attempt } = clinic.checks.last;
  clinic.accept({ clusters: [checked()], endpoints: [] });
  assert.equal(attempt.stopped, 'cancelled');
  await clinic.clock.advanceAsync(0);
  assert.equal(clinic.clock.pending, 0);
  assert.deepEqual(clinic.events, []);
});

test('once checks are stopped none begins any more, whatever policy comes; dispose leaves no timer', async () => {
  const clinic = new Clinic({ clusters: [checked()] });
  clinic.checks.answer = (sent) => sent.respond(200);
  await clinic.clock.advanceAsync(0);
  clinic.binder.stopChecks();
  assert.equal(clinic.clock.pending, 0);
  const other = cluster({ name: 'outbound|81||other', port: 81, health: healthCheckFrom(HTTP) });
  clinic.accept({ clusters: [checked(), other], endpoints: [endpoint(1), endpoint(4)] });
  await clinic.clock.advanceAsync(10_000);
  assert.deepEqual(clinic.counts(), [1, 1, 1]);
  clinic.binder.dispose();
  assert.equal(clinic.clock.pending, 0);
});

test('a check of connections opens one and no more: what comes of it is the result, silence a failure', async () => {
  const { http: _, ...tcp } = HTTP;
  const world = { clusters: [cluster({ health: healthCheckFrom(tcp) })], endpoints: [endpoint(1)] };
  const clinic = new Clinic(world);
  await clinic.use();
  await clinic.clock.advanceAsync(0);
  clinic.probes[0]!.done('passed');
  assert.deepEqual(clinic.health(), ['healthy']);
  await clinic.clock.advanceAsync(1_000);
  clinic.probes[1]!.done('unreachable');
  await clinic.clock.advanceAsync(300 + 200);
  assert.equal(clinic.probes[2]!.givenUp, true);
  clinic.probes[2]!.done('passed');
  assert.deepEqual(clinic.health(), ['unhealthy'], 'too late is too late');
  assert.equal(clinic.checks.sent.length, 0);
  await clinic.clock.advanceAsync(300);
  clinic.probes[3]!.done('unknown');
  assert.deepEqual(clinic.health(), ['unhealthy']);
  clinic.binder.dispose();
  assert.equal(clinic.clock.pending, 0);
});

test('gRPC health is asked over HTTP/2, and only SERVING passes', async () => {
  const { http: _, ...input } = HTTP;
  const health = healthCheckFrom({ ...input, grpc: { service: 'a.B' } });
  const clinic = new Clinic({ clusters: [cluster({ health })], endpoints: [endpoint(1), endpoint(2)] });
  clinic.checks.answer = (sent) => {
    const body = sent.head(200, { 'content-type': 'application/grpc' });
    body.push(Buffer.from([0, 0, 0, 0, 2, 8, isFirst(sent) ? 1 : 2]));
    body.end({ 'grpc-status': '0' });
  };
  await clinic.clock.advanceAsync(0);
  assert.deepEqual(clinic.health(), ['healthy', 'unhealthy']);
  const { call, endpoint: checkedOne } = clinic.checks.sent[0]!.attempt;
  assert.equal(checkedOne.destination.connection.http2, true);
  assert.deepEqual(
    [call.method, call.path, call.headers.te, call.headers['content-type']],
    ['POST', '/grpc.health.v1.Health/Check', 'trailers', 'application/grpc'],
  );
});

test('of many new endpoints the first checks are spread, five hundred a second', async () => {
  const endpoints = Array.from({ length: 200 }, (_, index) => endpoint(index + 1));
  const subsetting = { enabled: false, minEndpoints: 50, threshold: 100 };
  const clinic = new Clinic({ clusters: [checked({}, { subsetting })], endpoints });
  clinic.checks.answer = (sent) => sent.respond(200);
  await clinic.clock.advanceAsync(0);
  assert.equal(clinic.checks.sent.length, 0);
  await clinic.clock.advanceAsync(200);
  const half = clinic.checks.sent.length;
  assert.ok(half > 80 && half < 120, `${half}`);
  await clinic.clock.advanceAsync(200);
  assert.equal(clinic.checks.sent.length, 200);
  clinic.binder.dispose();
});

/** A long list, of which a part is worked with. */
const LONG = Array.from({ length: 1_000 }, (_, index) => {
  const address = `10.${1 + (index >> 8)}.0.${index & 255}`;
  return endpoint(0, { key: `${address}:8080`, address });
});
const asked = (clinic: Clinic) => new Set(clinic.checks.sent.map((sent) => sent.endpoint));

test('of a long list those are asked that this process works with, and a tenth more', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: LONG });
  clinic.checks.answer = (sent) => sent.respond(200);
  clinic.calls.answer = (sent) => sent.respond(200);
  await clinic.clock.advanceAsync(1_000);
  assert.equal(asked(clinic).size, 55);
  for (let call = 0; call < 500; call += 1) await clinic.call();
  const called = new Set(clinic.calls.sent.map((sent) => sent.endpoint));
  assert.equal(called.size, 50);
  assert.ok([...called].every((key) => asked(clinic).has(key)));
  // Whoever is not asked is none the worse for it.
  const { endpoints } = clinic.outbound.snapshot!.clusters.values().next().value!;
  assert.equal(endpoints.filter(({ unavailable }) => unavailable).length, 0);
  assert.equal([...destinationsOf(clinic.outbound.snapshot!)].length, 1_000 + 55);
});

test('one of them that fails is replaced by one that is known to be well, and is asked on until it is back', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: LONG });
  const bad = new Set<string>();
  clinic.checks.answer = (sent) => sent.respond(bad.has(sent.endpoint) ? 503 : 200);
  clinic.calls.answer = (sent) => sent.respond(200);
  const called = async () => {
    clinic.calls.sent.length = 0;
    for (let call = 0; call < 500; call += 1) await clinic.call();
    return new Set(clinic.calls.sent.map((sent) => sent.endpoint));
  };
  const settle = () => clinic.clock.advanceAsync(10_000);
  await settle();
  const before = await called();
  const known = asked(clinic);
  for (const key of [...before].slice(0, 3)) bad.add(key);
  await settle();
  const during = await called();
  assert.equal(during.size, 50);
  assert.ok([...during].every((key) => known.has(key) && !bad.has(key)));
  await settle();
  assert.ok(asked(clinic).size <= 60, `${asked(clinic).size}`);
  const before3 = new Set(bad);
  bad.clear();
  await settle();
  assert.deepEqual(await called(), before);
  assert.ok([...before3].every((key) => before.has(key)));
  await settle();
  clinic.checks.sent.length = 0;
  await settle();
  assert.equal(asked(clinic).size, 55, 'those that stood in are asked no more');
});

test('where all that are asked are dark, no more than twice as many are, and no more of them than answer are trusted', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: LONG });
  clinic.checks.answer = (sent) => sent.respond(503);
  clinic.calls.answer = (sent) => sent.respond(200);
  for (let round = 0; round < 100; round += 1) {
    await clinic.clock.advanceAsync(200);
    await clinic.call();
  }
  assert.ok(asked(clinic).size <= 110, `${asked(clinic).size}`);
  clinic.checks.answer = (sent) => sent.respond(200);
  await clinic.clock.advanceAsync(5_000);
  await clinic.call();
  clinic.checks.sent.length = 0;
  await clinic.clock.advanceAsync(5_000);
  assert.equal(asked(clinic).size, 55);
});

test('a locality that is dark is left though most of it was never asked', async () => {
  const [near, far] = ['eu/a/1', 'eu/b/1'];
  const endpoints = LONG.map((one, index) => ({ ...one, locality: index < 500 ? near : far }));
  const isNear = new Set(endpoints.slice(0, 500).map(({ key }) => key));
  const clinic = new Clinic({ clusters: [checked()], endpoints }, { locality: near, labels: {} });
  let dark = false;
  clinic.checks.answer = (sent) => sent.respond(dark && isNear.has(sent.endpoint) ? 503 : 200);
  clinic.calls.answer = (sent) => sent.respond(200);
  const nearOf = async (calls: number) => {
    clinic.calls.sent.length = 0;
    for (let call = 0; call < calls; call += 1) {
      await clinic.call();
      await clinic.clock.advanceAsync(50);
    }
    return clinic.calls.sent.slice(-100).filter((sent) => isNear.has(sent.endpoint)).length;
  };
  assert.equal(await nearOf(100), 100);
  dark = true;
  assert.equal(await nearOf(400), 0);
  assert.ok(asked(clinic).size <= 220, `${asked(clinic).size}`);
  dark = false;
  assert.equal(await nearOf(400), 100);
});

test('a call that began before the policy changed does not turn the checks back', async () => {
  const clinic = new Clinic({ clusters: [checked()], endpoints: LONG });
  clinic.checks.answer = (sent) => sent.respond(200);
  clinic.calls.answer = (sent) => sent.respond(200);
  await clinic.clock.advanceAsync(1_000);
  const [old] = [...clinic.outbound.snapshot!.clusters.values()];
  clinic.accept({ clusters: [checked()], endpoints: LONG.slice(500) });
  await clinic.clock.advanceAsync(20_000);
  // It works with others now: one of them is gone.
  old!.endpoints.find(({ endpoint: { key } }) => asked(clinic).has(key))!.ejected = true;
  old!.pick({ route: null, tried: [], headers: {}, path: '/' } as never);
  clinic.checks.sent.length = 0;
  await clinic.clock.advanceAsync(20_000);
  const present = new Set(LONG.slice(500).map(({ key }) => key));
  assert.equal(asked(clinic).size, 55);
  assert.ok([...asked(clinic)].every((key) => present.has(key)));
});
