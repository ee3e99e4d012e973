import { setTimeout as sleep } from 'node:timers/promises';
import { type Visit, versions, visit } from '../demo/load.js';
import type { Act } from './act.js';
import { firstFailure } from './act.js';

/** A fair split stays within this many standard deviations but once in a hundred thousand runs. */
const DEVIATIONS = 4.5;

export const split: Act = {
  title: '1. Weighted routing: 80 % of the visitors see reviews v1, 20 % v2; jason always sees v3',
  async play({ town, screen, load }) {
    const traffic = load(60);
    await sleep(8_000);
    const visits = await traffic.stop();
    const seen = versions(visits);
    const share = (seen.v2 ?? 0) / visits.length;
    const bound = DEVIATIONS * Math.sqrt((0.2 * 0.8) / visits.length);
    screen.check(traffic.failures.length === 0, 'no request fails', firstFailure(visits));
    screen.check(
      Math.abs(share - 0.2) <= bound && (seen.v1 ?? 0) + (seen.v2 ?? 0) === visits.length,
      `v1 : v2 is 80 : 20 within ±${(bound * 100).toFixed(1)} %`,
      `v1 ${seen.v1 ?? 0}, v2 ${seen.v2 ?? 0}: ${(share * 100).toFixed(1)} % v2`,
    );
    const jason: Visit[] = [];
    for (let i = 0; i < 40; i += 1) jason.push(await visit(town.visitor, { 'end-user': 'jason' }));
    screen.check(
      versions(jason).v3 === jason.length,
      'jason is on v3, every time',
      `${jason.length} requests`,
    );
  },
};
