import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mesh } from 'heddle';
import { waitFor } from '../demo/command.js';
import { hasStars, median, type Visit, visit } from '../demo/load.js';
import { CHANGES, POLICY } from '../demo/town.js';
import type { Act, Stage } from './act.js';
import { firstFailure } from './act.js';

/** The timeout of ratings in the policy. */
const TIMEOUT_MS = 500;

export const trouble: Act = {
  title:
    '4. Ratings stalls, then fails: callers give up in time, the circuit opens, and the page does without stars',
  async play(stage) {
    await spoil(stage, 'stalls');
    await spoil(stage, 'fails');
    await faults(stage);
    if (stage.grpc) await grpcFaults(stage);
  },
};

async function spoil({ town, screen, grpc, load }: Stage, mood: 'stalls' | 'fails'): Promise<void> {
  const ratings = town.named('ratings-v1');
  const reviews = [town.named('reviews-v2-a'), town.named('reviews-v2-b')];
  const begun = reviews.map(({ said }) => said.length);
  /** How often the circuits of the callers went to a state since the act began. */
  const circuits = (state: string) =>
    reviews.filter(({ said }, i) =>
      said
        .slice(begun[i])
        .some((line) => line.includes('circuit.changed') && line.includes(`state=${state}`)),
    ).length;
  const traffic = load(40);
  ratings.tell({ mood });
  await waitFor('the circuits to open', 20_000, async () => circuits('open') === reviews.length);
  const openAt = performance.now();
  await sleep(1_000);
  ratings.tell({ mood: 'well' });
  await waitFor('the circuits to close', 20_000, async () => circuits('closed') === reviews.length);
  await waitFor('stars', 20_000, async () => traffic.visits.slice(-20).every(hasStars));
  const visits = await traffic.stop();
  const bare = visits.filter((one) => !hasStars(one));
  const refused = bare.filter(({ startedAt }) => startedAt > openAt);
  const waited = (some: readonly Visit[]) => some.map(({ page }) => page?.reviews.ratingsMs ?? 0);
  screen.check(
    traffic.failures.length === 0,
    `ratings ${mood}: the page still renders`,
    firstFailure(visits),
  );
  screen.check(bare.length > 0, 'meanwhile without stars', `${bare.length} pages`);
  if (mood === 'stalls') {
    const longest = Math.max(...waited(bare));
    screen.check(
      longest >= TIMEOUT_MS * 0.9 && median(waited(refused)) < TIMEOUT_MS / 2,
      `callers give up at the timeout of ${TIMEOUT_MS} ms, and at once when the circuit is open`,
      `longest ${longest} ms; open: median ${median(waited(refused))} ms`,
    );
  }
  if (grpc) {
    const wanted = mood === 'stalls' ? 'DEADLINE_EXCEEDED' : 'UNAVAILABLE';
    const statuses = new Set(bare.map(({ page }) => page?.reviews.ratingsFailed));
    screen.check(statuses.has(wanted), `callers are told ${wanted}`, [...statuses].join(', '));
  }
  const [opened, closed] = [circuits('open'), circuits('closed')];
  screen.check(
    opened === reviews.length && closed === reviews.length,
    'the circuit of each caller opens, and closes when ratings is well again',
    `${opened} opened, ${closed} closed, of ${reviews.length} callers`,
  );
}

async function faults({ town, screen, patienceMs }: Stage): Promise<void> {
  await town.heddle('apply', '-f', join(CHANGES, 'details-faults.yaml'));
  await waitFor('the faults', patienceMs + 5_000, async () => {
    const { page } = await visit(town.visitor, { 'end-user': 'teapot' });
    return page?.details.error === 418;
  });
  const slow = await visits(town.visitor, 'sloth');
  const teapots = await visits(town.visitor, 'teapot');
  const others = await visits(town.visitor, 'alice');
  const fastest = Math.min(...slow.map(({ durationMs }) => durationMs));
  screen.check(
    fastest >= 400 && slow.every(({ error }) => error === null),
    'fault policy delays details by 400 ms for the user sloth',
    `fastest ${fastest.toFixed(0)} ms`,
  );
  screen.check(
    teapots.every(({ page }) => page?.details.error === 418),
    'and aborts it with 418 for the user teapot',
  );
  screen.check(
    others.every(({ page }) => page?.details.author !== undefined) &&
      median(others.map(({ durationMs }) => durationMs)) < fastest,
    'everybody else notices nothing',
    `median ${median(others.map(({ durationMs }) => durationMs)).toFixed(0)} ms`,
  );
  await town.heddle('delete', 'VirtualService', 'details');
}

/** What no browser would understand: a fault in gRPC's own words. */
async function grpcFaults({ town, screen, patienceMs }: Stage): Promise<void> {
  await town.heddle('apply', '-f', join(CHANGES, 'ratings-faults.yaml'));
  let told: string | number | undefined;
  await waitFor('the fault of gRPC', patienceMs + 5_000, async () => {
    const { page } = await visit(town.visitor);
    told = page?.reviews.ratingsFailed;
    return told === 'RESOURCE_EXHAUSTED';
  }).catch(() => {});
  screen.check(
    told === 'RESOURCE_EXHAUSTED',
    'fault policy ends Get of ratings with RESOURCE_EXHAUSTED',
    String(told),
  );
  await town.heddle('apply', '-f', join(POLICY, 'ratings.yaml'));
}

/** A few, one after the other, so that each one's time is its own. */
async function visits(visitor: Mesh, user: string): Promise<readonly Visit[]> {
  const seen: Visit[] = [];
  for (let i = 0; i < 6; i += 1) seen.push(await visit(visitor, { 'end-user': user }));
  return seen;
}
