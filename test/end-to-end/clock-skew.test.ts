/** Workloads whose clocks are minutes off, in processes of their own: they join, serve and call over mutual TLS all the same. */
import { test } from 'node:test';
import { Child } from './child.js';
import { ConfigService } from './config-service.js';

/** What a process is started with so that its clock is `ms` ahead. OpenSSL asks the machine, whose clock is right. */
function ahead(ms: number): Record<string, string> {
  const source = `const now = Date.now; Date.now = () => now() + ${ms};`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(source)}` };
}

const MINUTES = 60_000;

for (const [what, ms] of [
  ['four minutes behind', -4 * MINUTES],
  ['nine minutes behind', -9 * MINUTES],
  ['four minutes ahead', 4 * MINUTES],
] as const) {
  test(`a server whose clock is ${what} is called, and so is one by a client of that clock`, {
    timeout: 180_000,
  }, async (t) => {
    const service = await ConfigService.start(t);
    await service.post('/v1/apply', {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'default' },
      spec: { mtls: { mode: 'STRICT' } },
    });
    const server = { ...(await service.environment('reviews')), ...ahead(ms) };
    const reviews = Child.start(t, './state.child.js', ['0'], server);
    await reviews.line();
    const served = 'ok null reviews for spiffe://cluster.local/ns/default/sa/productpage';
    for (const more of [{}, ahead(ms)]) {
      const client = { ...(await service.environment('productpage')), ...more };
      const caller = Child.start(t, './caller.child.js', [], client);
      await caller.line((line) => line === served);
      caller.kill('SIGTERM');
      await caller.exit;
    }
    reviews.kill('SIGTERM');
    await reviews.exit;
  });
}
