/** Stories of whole fleets in virtual time, each for several seeds: a zone that goes dark, a rolling deployment, one slow endpoint. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Random } from '../base/random.js';
import { seededRandom } from '../base/testing.js';
import type { Endpoint } from '../model/endpoint.js';
import { hedgePolicyFrom } from '../traffic/hedge/policy.js';
import {
  Bench,
  cluster,
  endpoint,
  NOTHING,
  retries,
  route,
  type Sent,
  type World,
} from './fixtures.test.helper.js';

const SEEDS = [1, 20_260_101, 4_242];
const CALL_EVERY_MS = 5;

/** A steady stream of calls, and what became of them. */
class Fleet {
  readonly bench: Bench;
  readonly random: Random;
  failed = 0;
  /** Milliseconds until the outcome, of each call that went well. */
  readonly latencies: number[] = [];
  /** Attempts by endpoint since the last look. */
  attempts = new Map<string, number>();
  readonly #open: Promise<void>[] = [];

  constructor(seed: number, world: World, answer: (fleet: Fleet, sent: Sent) => void) {
    this.random = seededRandom(seed);
    this.bench = new Bench(world, this.random);
    this.bench.wire.answer = (sent) => {
      this.attempts.set(sent.endpoint, (this.attempts.get(sent.endpoint) ?? 0) + 1);
      answer(this, sent);
    };
  }

  after(ms: number, then: () => void): void {
    this.bench.clock.after(ms, then);
  }

  async call(ms: number): Promise<void> {
    const { clock } = this.bench;
    for (const until = clock.now() + ms; clock.now() < until; ) {
      const startedAt = clock.now();
      this.#open.push(
        this.bench.run().then((outcome) => {
          if (outcome.kind !== 'response' || outcome.status >= 500) this.failed += 1;
          else this.latencies.push(clock.now() - startedAt);
        }),
      );
      await clock.advanceAsync(CALL_EVERY_MS);
    }
  }

  /** The part of the attempts since the last look that went to such endpoints. */
  share(belongs: (key: string) => boolean): number {
    let [part, all] = [0, 0];
    for (const [key, count] of this.attempts) {
      all += count;
      if (belongs(key)) part += count;
    }
    this.attempts = new Map();
    return part / all;
  }

  /** Nobody's attempts are left, and nothing is held. */
  async end(): Promise<void> {
    await this.bench.clock.advanceAsync(5_000);
    await Promise.all(this.#open);
    assert.deepEqual(this.bench.held(), NOTHING);
    this.bench.binder.dispose();
  }
}

function story(name: string, tell: (seed: number) => Promise<void>): void {
  test(name, async () => {
    for (const seed of SEEDS) {
      try {
        await tell(seed);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
}

const many = (count: number, from = 1, more: Partial<Endpoint> = {}) =>
  Array.from({ length: count }, (_, index) => endpoint(from + index, more));

story(
  'a zone goes dark: all calls go to the next one within a second, none fails, and all come back',
  async (seed) => {
    const near = many(5, 1, { locality: 'eu/a/1' });
    const isNear = (key: string) => near.some((one) => one.key === key);
    const outlier = {
      ...{
        consecutive5xx: 3,
        consecutiveGatewayErrors: 0,
        splitLocalOrigin: false,
        consecutiveLocalOriginFailures: 5,
      },
      ...{ intervalMs: 1_000, baseEjectionTimeMs: 5_000, maxEjectionPercent: 100, minHealthPercent: 0 },
    };
    let dark = false;
    const fleet = new Fleet(
      seed,
      {
        clusters: [cluster({ outlier, balancer: { kind: 'least-request' } })],
        endpoints: [...near, ...many(5, 11, { locality: 'eu/b/1' })],
        routes: [route({ retries: retries({ attempts: 3, remoteLocalities: true }) })],
      },
      (self, sent) => {
        self.after(5 + self.random.next() * 10, () => {
          if (dark && isNear(sent.endpoint)) sent.fail('connection-failure', 'no');
          else sent.respond(200);
        });
      },
    );
    await fleet.call(5_000);
    assert.equal(fleet.share(isNear), 1);
    dark = true;
    await fleet.call(1_000);
    assert.ok(
      fleet.bench.cluster().endpoints.every(({ ejected, endpoint: { key } }) => ejected === isNear(key)),
    );
    fleet.share(isNear);
    await fleet.call(3_000);
    assert.equal(fleet.share(isNear), 0, 'while all of it is ejected');
    await fleet.call(20_000);
    const probes = fleet.share(isNear);
    assert.ok(probes > 0 && probes < 0.05, `${probes} of the attempts look whether it is back`);
    dark = false;
    await fleet.call(30_000);
    fleet.share(isNear);
    await fleet.call(5_000);
    assert.equal(fleet.share(isNear), 1);
    assert.equal(fleet.failed, 0);
    await fleet.end();
  },
);

for (const kind of ['round-robin', 'least-request', 'peak-ewma'] as const)
  story(
    `a rolling deployment of ten endpoints under load, ${kind}: no call fails, and the load stays even`,
    async (seed) => {
      const balancer = kind === 'peak-ewma' ? { kind, decayMs: 10_000 } : { kind };
      const gone = new Set<string>();
      let present = many(10);
      const world = (): World => ({ clusters: [cluster({ balancer })], endpoints: present });
      const fleet = new Fleet(seed, world(), (self, sent) => {
        if (gone.has(sent.endpoint)) sent.fail('connection-failure', 'no');
        else
          self.after(20 + self.random.next() * 20, () => {
            if (gone.has(sent.endpoint)) sent.fail('connection-termination');
            else sent.respond(200);
          });
      });
      await fleet.call(2_000);
      for (let step = 0; step < 10; step += 1) {
        present = [...present, endpoint(11 + step)];
        fleet.bench.accept(world());
        await fleet.call(500);
        const [old] = present;
        present = present.slice(1);
        fleet.bench.accept(world());
        // It finishes what it has, and is gone then.
        fleet.after(100, () => gone.add(old!.key));
        await fleet.call(500);
        fleet.attempts = new Map();
        await fleet.call(1_000);
        const counts = present.map(({ key }) => fleet.attempts.get(key) ?? 0);
        const [least, most] = kind === 'round-robin' ? [19, 21] : [8, 36];
        assert.ok(
          counts.every((count) => count >= least && count <= most),
          `step ${step}: ${counts}`,
        );
      }
      assert.equal(fleet.failed, 0);
      assert.deepEqual([...gone].length, 10);
      await fleet.end();
    },
  );

/** Nine of ten endpoints answer in 5 to 15 ms, one takes half a second. */
async function withSlow(seed: number, more: Parameters<typeof cluster>[0]) {
  const [slow] = many(1);
  const fleet = new Fleet(seed, { clusters: [cluster(more)], endpoints: many(10) }, (self, sent) => {
    self.after(sent.endpoint === slow!.key ? 500 : 5 + self.random.next() * 10, () => sent.respond(200));
  });
  await fleet.call(2_000);
  fleet.latencies.length = 0;
  fleet.attempts = new Map();
  await fleet.call(10_000);
  const sorted = [...fleet.latencies].sort((one, other) => one - other);
  const share = fleet.share((key) => key === slow!.key);
  await fleet.end();
  assert.equal(fleet.failed, 0);
  return {
    share,
    p50: sorted[Math.floor(sorted.length * 0.5)]!,
    p99: sorted[Math.floor(sorted.length * 0.99)]!,
  };
}

story(
  'one slow endpoint of ten: hedging or peak EWMA takes the tail away, round robin keeps it',
  async (seed) => {
    const plain = await withSlow(seed, { balancer: { kind: 'round-robin' } });
    assert.equal(plain.p99, 500);
    assert.ok(Math.abs(plain.share - 0.1) < 0.001, `${plain.share}`);
    const hedging = hedgePolicyFrom({ maxAttempts: 2, delayMs: 20 });
    const hedged = await withSlow(seed, { balancer: { kind: 'round-robin' }, hedging });
    assert.ok(hedged.p99 <= 20 + 15 + 5, `${hedged.p99}`);
    const ewma = await withSlow(seed, { balancer: { kind: 'peak-ewma', decayMs: 10_000 } });
    assert.ok(ewma.p99 <= 15, `${ewma.p99}`);
    assert.ok(ewma.share < 0.005, `${ewma.share}`);
    const both = await withSlow(seed, { balancer: { kind: 'peak-ewma', decayMs: 10_000 }, hedging });
    assert.ok(both.p99 <= 15, `${both.p99}`);
    for (const { p50 } of [plain, hedged, ewma, both]) assert.ok(p50 <= 15, `${p50}`);
  },
);
