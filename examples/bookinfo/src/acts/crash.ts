import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../demo/command.js';
import type { Act } from './act.js';
import { firstFailure } from './act.js';

export const crash: Act = {
  title: '3. A crash: one of two reviews processes is killed with SIGKILL under load, then brought back',
  async play({ town, screen, load }) {
    const victim = town.named('reviews-v2-a');
    const page = town.named('productpage-v1');
    const saidBefore = page.said.length;
    const traffic = load(60);
    await sleep(1_500);
    const dead = victim.pid;
    await victim.stop('SIGKILL');
    await sleep(2_500);
    const since = (word: string) => page.said.slice(saidBefore).filter((line) => line.includes(word));
    const ejected = since('endpoint.ejected');
    victim.start();
    const alive = victim.pid;
    const processes = () => new Set(traffic.visits.slice(-100).map(({ page }) => page?.reviews.process));
    await waitFor('the new process to take traffic', 30_000, async () => processes().has(alive));
    const visits = await traffic.stop();
    screen.check(
      visits.some(({ page }) => page?.reviews.process === dead),
      'it served before it was killed',
      `pid ${dead}`,
    );
    screen.check(traffic.failures.length === 0, 'no request that a visitor sees fails', firstFailure(visits));
    screen.check(ejected.length > 0, 'the dead process is ejected', ejected[0]?.replace(/^heddle: /, ''));
    screen.check(processes().has(alive), 'the new one takes traffic', `pid ${alive}`);
  },
};
