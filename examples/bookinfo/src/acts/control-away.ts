import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../demo/command.js';
import { versions } from '../demo/load.js';
import { POLICY } from '../demo/town.js';
import type { Act } from './act.js';
import { firstFailure } from './act.js';

export const controlAway: Act = {
  title: '8. The config service is killed under load, and comes back',
  async play({ town, screen, load }) {
    const traffic = load(60);
    await sleep(1_000);
    await town.control.stop('SIGKILL');
    const killedAt = performance.now();
    await sleep(3_000);
    const meanwhile = traffic.visits.filter(({ startedAt }) => startedAt > killedAt);
    town.control.start();
    await waitFor('all workloads to be back', 40_000, async () => {
      const status = await town.status();
      return status.length === town.services.length + 1 && status.every(({ connected }) => connected);
    });
    await town.heddle('apply', '-f', join(POLICY, 'reviews.yaml'));
    await waitFor(
      'the change to arrive',
      20_000,
      async () => (versions(traffic.visits.slice(-50)).v1 ?? 0) > 0,
    );
    const visits = await traffic.stop();
    screen.check(
      traffic.failures.length === 0,
      'nothing fails, without it and while it returns',
      firstFailure(visits),
    );
    screen.check(
      meanwhile.length > 0 &&
        meanwhile.every(({ error, page }) => error === null && page?.reviews.version === 'v2'),
      'workloads go on with the policy they have',
      `${meanwhile.length} requests on v2 while it was away`,
    );
    const status = await town.status();
    screen.check(
      new Set(status.map(({ revision }) => revision)).size === 1 &&
        status.every(({ refused }) => refused === null),
      'all of them resynchronise, and take the next change',
      `${status.length} workloads on revision ${status[0]?.revision}`,
    );
  },
};
