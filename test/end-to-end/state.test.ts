/** A workload that is killed and started again while the config service is dead, from its state folder. */
import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join as path } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from './child.js';
import { ConfigService, folder } from './config-service.js';

const LIMIT = { timeout: 180_000 };

/** Until both kinds of files are there. */
async function saved(dir: string): Promise<void> {
  const kinds = ['identity', 'policy'];
  const has = async (kind: string) =>
    (await readdir(dir).catch(() => [])).some((name) => new RegExp(`\\.${kind}\\.\\d+$`).test(name));
  for (;;) {
    const found = await Promise.all(kinds.map(has));
    if (found.every(Boolean)) return;
    await delay(20);
  }
}

test(
  'a workload that is killed starts again from its state folder while the config service is dead, is called over mutual TLS, and is taken up again',
  LIMIT,
  async (t) => {
    const service = await ConfigService.start(t);
    await service.post('/v1/apply', {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'default' },
      spec: { mtls: { mode: 'STRICT' } },
    });
    const dir = path(await folder(t), 'state');
    const own = await service.environment('reviews');
    const environment = { ...own, HEDDLE_STATE_DIR: dir };
    const caller = Child.start(t, './caller.child.js', [], await service.environment('productpage'));
    await caller.line();
    const first = Child.start(t, './state.child.js', ['0'], environment);
    const port = await first.line();
    const served = 'ok null reviews for spiffe://cluster.local/ns/default/sa/productpage';
    await caller.line((line) => line === served);
    await saved(dir);
    assert.equal((await stat(dir)).mode & 0o777, 0o700);
    // Policy that has the endpoint itself: the newest is on disk a moment after it was accepted.
    await delay(1_500);

    await service.kill();
    first.kill('SIGKILL');
    await first.exit;
    const second = Child.start(t, './state.child.js', [port], environment);
    await second.line(() => true, 1);
    const status = JSON.parse(second.lines[1]!);
    assert.equal(status.fromLastGood, true);
    assert.equal(status.identity.fromState, true);
    assert.equal(status.identity.spiffeId, 'spiffe://cluster.local/ns/default/sa/reviews');
    const since = caller.lines.length;
    await caller.line((line) => line === served, since);

    await service.run();
    await service.version('two');
    await caller.line((line) => line === served.replace('null', 'two'), since);
    for (const child of [caller, second]) {
      child.kill('SIGTERM');
      assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr);
    }
  },
);

test(
  'an SVID that has ended on disk, and a state folder that was tampered with, are refused by name',
  LIMIT,
  async (t) => {
    const service = await ConfigService.start(t, 4_000);
    const dir = path(await folder(t), 'state');
    const environment = {
      ...(await service.environment('reviews')),
      HEDDLE_STATE_DIR: dir,
      HEDDLE_JOIN_TIMEOUT_MS: '2000',
    };
    const first = Child.start(t, './state.child.js', ['0'], environment);
    await first.line();
    await saved(dir);
    await service.kill();
    first.kill('SIGKILL');
    await first.exit;
    await delay(4_500);
    const late = Child.start(t, './state.child.js', ['0'], environment);
    assert.equal((await late.exit).code, 1);
    assert.match(late.stderr, /HEDDLE_JOIN_FAILED.*state folder is of no help.*expired at/);
    for (const name of await readdir(dir)) {
      if (name !== 'seal.key') await writeFile(path(dir, name), 'x');
    }
    const damaged = Child.start(t, './state.child.js', ['0'], environment);
    assert.equal((await damaged.exit).code, 1);
    assert.match(damaged.stderr, /the saved identity .* is not used: it is damaged/);
  },
);

test(
  'a client that starts again from its state folder while the config service is dead calls over mutual TLS',
  LIMIT,
  async (t) => {
    const service = await ConfigService.start(t);
    const reviews = Child.start(t, './state.child.js', ['0'], await service.environment('reviews'));
    await reviews.line();
    const dir = path(await folder(t), 'state');
    const environment = { ...(await service.environment('productpage')), HEDDLE_STATE_DIR: dir };
    // Once it has had an answer it knows where the server is; a run that came too early is followed by another.
    for (;;) {
      const first = Child.start(t, './once.child.js', ['http://reviews/'], environment);
      const answer = await first.line();
      await saved(dir);
      await delay(1_500);
      first.kill('SIGKILL');
      await first.exit;
      if (answer === '200') break;
    }
    await service.kill();
    const second = Child.start(t, './once.child.js', ['http://reviews/', 'close'], environment);
    assert.equal(await second.line(), '200', second.stderr);
    assert.deepEqual(await second.exit, { code: 0, signal: null }, second.stderr);
  },
);
