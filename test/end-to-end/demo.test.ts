/** The demo is the product's promise: it runs here as a user runs it, and all of its own checks have to pass. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');
const DEMO = resolve(ROOT, 'examples/bookinfo/dist/main.js');
const CLI = resolve(ROOT, 'packages/cli/bin/heddle.js');

test('the demo plays all its acts, every check passes, and it exits with 0', { timeout: 400_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [DEMO, '--patient'], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  for (let act = 1; act <= 8; act += 1) assert.match(stdout, new RegExp(`^${act}\\. `, 'm'));
  assert.match(stdout, /All well: \d+ checks passed, 0 failed/);
});

test('with ratings by gRPC its faults, deadlines, circuits, identities, denials and spans are shown as well', {
  timeout: 400_000,
}, () => {
  const options = ['--grpc', '--acts', '4,5,6,7', '--patient'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [DEMO, ...options], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  assert.deepEqual(stdout.match(/^\d(?=\. )/gm), ['4', '5', '6', '7']);
  for (const shown of [
    'DEADLINE_EXCEEDED',
    'RESOURCE_EXHAUSTED',
    'PERMISSION_DENIED',
    'bookinfo.Ratings/Get',
  ])
    assert.ok(stdout.includes(shown), shown);
  assert.match(stdout, /All well: \d+ checks passed, 0 failed/);
});

test('the demo says what it can be asked for', () => {
  const { status, stdout } = spawnSync(process.execPath, [DEMO, '--help'], { encoding: 'utf8' });
  assert.equal(status, 0);
  for (const option of ['--grpc', '--acts', '--keep', '--patient'])
    assert.ok(stdout.includes(option), option);
  const { status: refused, stderr } = spawnSync(process.execPath, [DEMO, '--acts', '9'], {
    encoding: 'utf8',
  });
  assert.equal(refused, 2);
  assert.match(stderr, /acts 1 to 8.*Usage/s);
});

test('the demo refuses an option that it does not know, with 2 and its usage', () => {
  const { status, stderr } = spawnSync(process.execPath, [DEMO, '--sideways'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /--sideways.*Usage/s);
});

test('one failed check is enough for an exit code of 1', () => {
  const screen = pathToFileURL(resolve(DEMO, '../demo/screen.js')).href;
  const exitAfter = (...checks: readonly boolean[]) => {
    const code = `import { Screen } from '${screen}';
      const screen = new Screen();
      for (const passed of [${checks}]) screen.check(passed, 'a check');
      process.exitCode = screen.exitCode;`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).status;
  };
  assert.equal(exitAfter(true, true), 0);
  assert.equal(exitAfter(true, false, true), 1);
});

test('kept, the demo shows its page to a browser and takes the commands that it names, until it is interrupted', {
  timeout: 400_000,
}, async (t) => {
  const demo = spawn(process.execPath, [DEMO, '--keep', '--patient'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => demo.kill('SIGKILL'));
  let said = '';
  for await (const chunk of demo.stdout.iterator({ destroyOnReturn: false })) {
    said += chunk;
    if (said.includes('npx heddle delete')) break;
  }
  demo.stdout.resume();
  const url = /page is at (\S+)/.exec(said)?.[1];
  const page = await (await fetch(`${url}?user=jason`)).text();
  assert.match(page, /William Shakespeare.*★.*reviews v3/s);

  const exported = [...said.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  const env = { ...process.env, ...Object.fromEntries(exported), NO_COLOR: '1' };
  const status = spawnSync(process.execPath, [CLI, 'status'], { encoding: 'utf8', env });
  assert.match(status.stdout, /10 of 10 workloads run what they were told/, status.stderr);

  demo.kill('SIGINT');
  assert.deepEqual(await once(demo, 'exit'), [130, null]);
  await assert.rejects(fetch(`${url}`));
});
