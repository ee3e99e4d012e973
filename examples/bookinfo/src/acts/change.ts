import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { versions } from '../demo/load.js';
import { CHANGES } from '../demo/town.js';
import type { Act } from './act.js';
import { firstFailure } from './act.js';

export const change: Act = {
  title: '2. A change of policy under load: `heddle apply` turns the split to 0/100',
  async play({ town, screen, load, patienceMs }) {
    const before = town.services.map(({ pid }) => pid);
    const traffic = load(60);
    await sleep(1_000);
    await town.heddle('apply', '-f', join(CHANGES, 'reviews-to-v2.yaml'));
    const appliedAt = performance.now();
    await sleep(patienceMs + 1_500);
    const visits = await traffic.stop();
    const after = visits.filter(({ startedAt }) => startedAt > appliedAt);
    const stale = after.filter(({ page }) => page?.reviews.version !== 'v2');
    const lastStale = Math.max(0, ...stale.map(({ startedAt }) => startedAt - appliedAt));
    screen.check(
      lastStale <= patienceMs,
      `in effect everywhere within ${patienceMs / 1000} s`,
      `last request on v1 began ${lastStale.toFixed(0)} ms after the command returned; since then ${versions(after).v2} on v2`,
    );
    screen.check(traffic.failures.length === 0, 'no request fails', firstFailure(visits));
    const restarted = town.services.filter(({ pid }, i) => pid !== before[i]);
    screen.check(restarted.length === 0, 'no process is restarted', `${before.length} processes`);
    const status = await town.status();
    const revisions = new Set(status.map(({ revision }) => revision));
    screen.check(
      revisions.size === 1 && status.every(({ refused }) => refused === null),
      'every workload has accepted the revision',
      `revision ${[...revisions].join(', ')}, ${status.length} workloads`,
    );
  },
};
