import { randomBytes } from 'node:crypto';
import { waitFor } from '../demo/command.js';
import { visit } from '../demo/load.js';
import { drawTrace } from '../demo/trace-tree.js';
import type { Act } from './act.js';

export const trace: Act = {
  title: '7. One trace over all services, though none of them passes a header on',
  async play({ town, screen, grpc }) {
    const traceId = randomBytes(16).toString('hex');
    const spanId = randomBytes(8).toString('hex');
    await visit(town.visitor, { traceparent: `00-${traceId}-${spanId}-01`, 'end-user': 'jason' });
    const ours = () => town.spans.filter((span) => span.traceId === traceId);
    const expected = ['details', 'productpage', 'ratings', 'reviews'];
    await waitFor('the spans', 20_000, async () => {
      const { roots, services } = drawTrace(ours(), spanId);
      return roots === 1 && expected.every((name) => services.has(name)) && ours().length >= 10;
    }).catch(() => {});
    const tree = drawTrace(ours(), spanId);
    for (const line of tree.lines) screen.line(`    ${line}`);
    screen.check(
      expected.every((name) => tree.services.has(name)),
      'all four services are in it',
      `trace ${traceId}, ${ours().length} spans`,
    );
    screen.check(tree.roots === 1, 'and it is one tree');
    if (!grpc) return;
    const calls = ours().filter(({ name }) => name === 'bookinfo.Ratings/Get');
    screen.check(
      ['reviews', 'ratings'].every((name) => calls.some(({ service }) => service === name)),
      'from HTTP into gRPC, whose method is the name of its spans on both sides',
    );
  },
};
