import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessLogLine } from '../demo/processes.js';
import type { Act, Stage } from './act.js';

export const access: Act = {
  title: '6. Access: productpage may GET reviews, only reviews may call ratings',
  async play(stage) {
    const { screen, grpc } = stage;
    const ratings = await forbidden(stage, '/forbidden', 'ratings');
    const denied = grpc ? 'PERMISSION_DENIED' : 403;
    screen.check(
      ratings.status === denied,
      `productpage calls ratings: ${denied}`,
      `the body says only "${ratings.body}"`,
    );
    report(stage, ratings.log, 'default/only-reviews-call-ratings');
    const deleted = await forbidden(stage, '/delete-reviews', 'reviews');
    screen.check(
      deleted.status === 403,
      'productpage sends DELETE to reviews: 403',
      `the body says only "${deleted.body}"`,
    );
    report(stage, deleted.log, null);
  },
};

interface Refusal {
  readonly status: number | string;
  readonly body: string;
  readonly log: AccessLogLine | undefined;
}

async function forbidden({ town }: Stage, path: string, service: string): Promise<Refusal> {
  const servers = town.services.filter(({ name }) => name.startsWith(service));
  const response = await town.visitor.fetch(`http://productpage:9080${path}`);
  const { status, body } = (await response.json()) as { status: number | string; body: string };
  let log: AccessLogLine | undefined;
  for (let tries = 0; tries < 50 && log === undefined; tries += 1) {
    log = servers.flatMap(({ accessLog }) => accessLog).findLast(isDenied);
    if (log === undefined) await sleep(50);
  }
  return { status, body, log };
}

/** By HTTP, or by gRPC's PERMISSION_DENIED. */
const isDenied = (line: AccessLogLine) => line.response_code === 403 || line.heddle.grpc_status === 7;

/** @param policy that should have refused; null: that nothing allowed it */
function report({ screen }: Stage, log: AccessLogLine | undefined, policy: string | null): void {
  const details = log?.response_code_details ?? 'no line';
  const expected = log?.heddle.policy === policy && details.startsWith('rbac_access_denied');
  const what = policy === null ? 'that no rule allowed it' : 'which policy and rule refused it';
  screen.check(expected, `the server's access log says ${what}`, `${details}, peer ${log?.heddle.peer}`);
}
