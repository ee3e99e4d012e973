import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { join as path } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { join } from 'heddle';
import { PROTOCOL_VERSION } from 'heddle/ports';
import { heddle, service, split, temporaryFolder } from './cli.test.kit.js';
import type { MeshReport } from './index.js';

/** Asks until the report is as wanted. */
async function until(
  env: Record<string, string | undefined>,
  isThere: (report: MeshReport) => boolean,
): Promise<MeshReport> {
  for (;;) {
    const { exit, stdout } = await heddle(['status', '--json'], { env });
    assert.equal(exit, 0);
    const report = JSON.parse(stdout) as MeshReport;
    if (isThere(report)) return report;
  }
}

test('status shows a workload that joined: identity, labels, revision, certificate', async (context) => {
  const { control, env } = await service(context);
  const empty = await heddle(['status'], { env });
  assert.match(empty.stdout, /^policy revision \d+; 0 of 0 workloads/);
  assert.match(empty.stderr, /token create/);
  const token = (await heddle(['token', 'create', '--service-account', 'reviews'], { env })).stdout.trim();
  const mesh = await join({
    control: control.url,
    token,
    service: 'reviews',
    workload: 'reviews-1',
    joinTimeoutMs: 60_000,
    labels: { version: 'v2' },
    log: () => {},
  });
  context.after(() => mesh.close());
  await heddle(['apply', '-f', '-'], { env, stdin: split(80) });
  const { revision, workloads } = await until(
    env,
    (report) => report.workloads[0]?.revision === report.revision,
  );
  const [workload] = workloads;
  assert.equal(workload?.name, 'reviews-1');
  assert.equal(workload.spiffeId, 'spiffe://cluster.local/ns/default/sa/reviews');
  assert.deepEqual([workload.state, workload.connected, workload.refused], ['accepted', true, null]);
  const { stdout } = await heddle(['status'], { env });
  assert.match(
    stdout,
    new RegExp(
      `^policy revision ${revision}; 1 of 1 workloads run what they were told\n\nWORKLOAD +IDENTITY`,
    ),
  );
  assert.match(
    stdout,
    new RegExp(
      `default/reviews-1 +spiffe://cluster.local/ns/default/sa/reviews +version=v2 +- +${revision} +accepted +ends in (1h|59m\\d*s?) +\\d`,
    ),
  );
  assert.deepEqual(
    JSON.parse((await heddle(['status', '-n', 'other', '--json'], { env })).stdout).workloads,
    [],
  );
});

test('status says why a workload refuses, and lets its words do nothing to the terminal', async (context) => {
  const { control, env } = await service(context, { dev: true });
  await refuse(context, control.url, 'no such \x1b[2Jbalancer\nfaked line');
  const { workloads } = await until(env, (report) => report.workloads[0]?.state === 'refused');
  assert.equal(workloads[0]?.refused?.because.length, 1);
  const { stdout } = await heddle(['status'], { env });
  assert.match(stdout, /default\/stubborn {2}none \(dev mode\) .* refused \d+ /);
  assert.match(stdout, /\ndefault\/stubborn refuses revision \d+:\n {2}no such balancer faked line\n$/);
});

test('status says whose certificate is late to be renewed, and why, until it is renewed', async (context) => {
  const { control, env } = await service(context, { svidTtlMs: 10_000 });
  const token = (await heddle(['token', 'create', '--service-account', 'reviews'], { env })).stdout.trim();
  const mesh = await join({
    ...{ control: control.url, token, service: 'reviews', workload: 'reviews-1', log: () => {} },
    joinTimeoutMs: 60_000,
  });
  context.after(() => mesh.close());
  const folder = temporaryFolder(context, {
    'nobody.yaml': 'rules:\n  - ids: [ns/other/sa/*]\n',
    'all.yaml': 'rules: []\n',
  });
  const policy = async (name: string) => {
    const said = await heddle(['ca', 'policy', '-f', path(folder, name)], { env });
    assert.equal(said.exit, 0, said.stderr);
  };
  await policy('nobody.yaml');
  await until(env, ({ workloads }) => (workloads[0]?.overdue ?? null) !== null);
  const { stdout } = await heddle(['status'], { env });
  assert.match(
    stdout,
    /\ndefault\/reviews-1 could not renew its certificate \(.* of its life (is|are) over\):\n {2}\S/,
  );
  await policy('all.yaml');
  await until(env, ({ workloads }) => workloads[0]?.connected === true && workloads[0].overdue === null);
});

/** A workload that refuses the first policy it is told. */
async function refuse(context: TestContext, url: string, because: string): Promise<void> {
  const session = connect(url);
  context.after(() => session.destroy());
  const stream = session.request({ ':method': 'POST', ':path': '/v1/stream' }, { endStream: false });
  const say = (message: object) => stream.write(`${JSON.stringify(message)}\n`);
  const workload = {
    namespace: 'default',
    serviceAccount: 'stubborn',
    service: '',
    name: 'stubborn',
    labels: {},
  };
  say({
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    workload,
    hosts: ['*'],
    have: {},
    revision: 0,
    listeners: [],
    certificateExpiresAt: null,
  });
  const lines = createInterface({ input: stream });
  for (;;) {
    const [line] = (await once(lines, 'line')) as [string];
    const message = JSON.parse(line) as { type: string; revision: number };
    if (message.type !== 'update') continue;
    say({ type: 'refused', revision: message.revision, because: [because] });
    return;
  }
}
