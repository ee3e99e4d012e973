import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { heddle, temporaryFolder } from './cli.test.kit.js';
import { startCommand } from './control.test.kit.js';

const BIN = fileURLToPath(new URL('../bin/heddle.js', import.meta.url));

test('control says where it is, where the token lies and what to do next, and stops with 0', async (context) => {
  const dataDir = join(temporaryFolder(context), 'data');
  const { said, ready, stop } = startCommand(context, ['--data', dataDir]);
  await ready;
  assert.match(said.stdout, /at +https:\/\/127\.0\.0\.1:\d+\n/);
  assert.ok(said.stdout.includes(join(dataDir, 'operator.token')));
  assert.ok(said.stdout.includes(`export HEDDLE_DATA=${dataDir}`));
  assert.match(said.stdout, /heddle token create --service-account reviews/);
  assert.equal((await heddle(['get', '--data', dataDir])).exit, 0);
  assert.equal(await stop(), 0);
  assert.match(said.stderr, /^\d\d:\d\d:\d\d info control\.started url=/);
  assert.match(said.stderr, /info control\.stopped\n$/);
  assert.equal((await heddle(['get', '--data', dataDir])).exit, 1);
});

test('control --json prints a JSON object a line', async (context) => {
  const dataDir = join(temporaryFolder(context), 'data');
  const { said, ready, stop } = startCommand(context, ['--json'], { HEDDLE_DATA: dataDir });
  await ready;
  assert.equal(await stop(), 0);
  const events = said.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; url?: string });
  assert.match(events.find(({ event }) => event === 'control.ready')?.url ?? '', /^https:/);
  assert.equal(events.at(-1)?.event, 'control.stopped');
  assert.equal(said.stderr, '');
});

test('control --dev says that it is open', async (context) => {
  const { said, ready, stop } = startCommand(context, [
    '--dev',
    '--data',
    join(temporaryFolder(context), 'data'),
  ]);
  await ready;
  await stop();
  assert.match(said.stdout, /Dev mode: every process on this machine can change policy/);
  assert.match(said.stdout, /at +http:/);
  assert.ok(!said.stdout.includes('HEDDLE_TOKEN'));
});

test('what keeps the service from starting is said in words', async (context) => {
  const folder = temporaryFolder(context, { file: '' });
  const busy = createServer();
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  context.after(() => busy.close());
  const { port } = busy.address() as AddressInfo;
  const data = ['--data', join(folder, 'data')];
  for (const [argv, exit, expected] of [
    [[], 2, /where is the state to lie\?\nhint: name a directory with --data or HEDDLE_DATA/],
    [
      [...data, '--port', String(port)],
      1,
      /port \d+ of 127\.0\.0\.1 is in use\nhint: choose another with --port/,
    ],
    [['--data', join(folder, 'file')], 1, /file cannot be used: /],
    [[...data, '--dev', '--address', '0.0.0.0'], 2, /is not a loopback address/],
    [[...data, '--trust-domain', 'Not One'], 2, /trustDomain .*is not a trust domain/],
    [[...data, '--address', '203.0.113.1'], 1, /203\.0\.113\.1 is not an address of this machine/],
  ] as const) {
    const said = await heddle([
      'control',
      ...(argv.includes('--port' as never) ? [] : ['--port', '0']),
      ...argv,
    ]);
    assert.equal(said.exit, exit, said.stderr);
    assert.match(said.stderr, expected);
  }
});

test('the bin runs; SIGTERM and SIGINT drain it and it exits with 0', async (context) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const dataDir = join(temporaryFolder(context), 'data');
    const argv = [BIN, 'control', '--json', '--port', '0', '--data', dataDir];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
    const exited = once(child, 'exit');
    context.after(() => child.kill('SIGKILL'));
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('control.ready')) child.kill(signal);
    }
    assert.deepEqual(await exited, [0, null], signal);
  }
});
