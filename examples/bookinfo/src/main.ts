/**
 * The bookinfo demo: real services in one mesh, no sidecar. Shows what the mesh does, live, and checks it as it goes.
 * `--help` says what else it can do.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { access } from './acts/access.js';
import type { Stage } from './acts/act.js';
import { change } from './acts/change.js';
import { controlAway } from './acts/control-away.js';
import { crash } from './acts/crash.js';
import { identity } from './acts/identity.js';
import { split } from './acts/split.js';
import { trace } from './acts/trace.js';
import { trouble } from './acts/trouble.js';
import { Load, versions } from './demo/load.js';
import { readOptions } from './demo/options.js';
import { Screen } from './demo/screen.js';
import { CHANGES, Town } from './demo/town.js';
import { openWindow } from './demo/window.js';

const ACTS = [split, change, crash, trouble, identity, access, trace, controlAway];

const { keep, patient, grpc, acts } = readOptions(ACTS.length);
const screen = new Screen();
const begun = performance.now();

screen.line(
  screen.style(
    'bold',
    `Bookinfo on Heddle: productpage → reviews (v1, v2, v3) → ratings${grpc ? ' by gRPC' : ''}, and details`,
  ),
);
screen.live('Starting the config service and nine processes …');
const town = await Town.build(grpc ? 'grpc' : 'http');
screen.line(`  ${town.services.length} services and the config service are up, each its own process.`);
process.once('SIGINT', () => void town.close().then(() => process.exit(130)));

const stage: Stage = {
  town,
  screen,
  grpc,
  patienceMs: patient ? 5_000 : 1_000,
  load: (perSecond) =>
    new Load(town.visitor, perSecond, (load) => {
      const recent = versions(load.visits.slice(-200));
      const seen = Object.entries(recent)
        .sort()
        .map(([version, n]) => `${version} ${n}`);
      screen.live(
        `  ${load.visits.length} requests, ${load.failures.length} failed · last 200: ${seen.join('  ')}`,
      );
    }),
};

for (const [index, act] of ACTS.entries()) {
  if (!acts.has(index + 1)) {
    // The acts after it begin with what it leaves behind.
    if (act === change) await town.heddle('apply', '-f', join(CHANGES, 'reviews-to-v2.yaml'));
    continue;
  }
  screen.title(act.title);
  try {
    await act.play(stage);
  } catch (error) {
    const cause = (error as Error).cause;
    screen.check(false, (error as Error).message, cause === undefined ? '' : String(cause));
  }
}

const seconds = ((performance.now() - begun) / 1000).toFixed(0);
const verdict =
  screen.failed === 0
    ? screen.style(['bold', 'green'], 'All well')
    : screen.style(['bold', 'red'], 'Not well');
screen.line(`\n${verdict}: ${screen.passed} checks passed, ${screen.failed} failed, in ${seconds} s.`);
if (keep) {
  const { url } = await openWindow(town.visitor);
  screen.line(`
It goes on running until you press Ctrl-C. The page is at ${url}
In another terminal, in this folder:

${town.exports}
npx heddle status
npx heddle get virtualservice reviews -o yaml
npx heddle apply -f examples/bookinfo/policy-changes/reviews-to-v2.yaml
npx heddle delete authorizationpolicy reviews-readers   # then look at what the page says
`);
  await once(process, 'SIGTERM');
}
await town.close();
process.exitCode = screen.exitCode;
