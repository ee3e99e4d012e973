import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CaStatus } from '@heddle/control';
import { heddle, service, temporaryFolder } from './cli.test.kit.js';

test('a root made without a network signs an intermediate, with which a service starts and another can be installed', async (context) => {
  const folder = temporaryFolder(context);
  const file = (name: string) => join(folder, name);
  const make = async (...argv: string[]) => {
    const said = await heddle(['ca', ...argv]);
    assert.equal(said.exit, 0, said.stderr);
  };
  await make('root', '--out', file('root.pem'), '--key-type', 'ec-p384');
  assert.equal(statSync(file('root.pem')).mode & 0o777, 0o600);
  assert.equal(
    (await heddle(['ca', 'root', '--out', file('root.pem')])).exit,
    2,
    'never in place of another',
  );
  await make('intermediate', '--root', file('root.pem'), '--out', file('one.pem'));
  await make('intermediate', '--root', file('root.pem'), '--out', file('two.pem'), '--ttl', '30d');
  const { env } = await service(context, { caFile: file('one.pem') });
  const status = async () =>
    JSON.parse((await heddle(['ca', 'status', '--json'], { env })).stdout) as CaStatus;
  const before = await status();
  assert.deepEqual(
    before.roots.map(({ phase, hasKey }) => [phase, hasKey]),
    [['signing', false]],
  );
  assert.match(
    (await heddle(['ca', 'rotate', 'intermediate'], { env })).stderr,
    /key of the root is not here/,
  );
  const installed = await heddle(['ca', 'install', '-f', file('two.pem')], { env });
  assert.match(installed.stdout, /intermediate [0-9a-f]{16} signs/, installed.stderr);
  const shown = (await heddle(['ca', 'status'], { env })).stdout;
  assert.match(shown, /root +[0-9a-f]{16} +signing +elsewhere/);
  assert.match(shown, /intermediate +[0-9a-f]{16} +idle/);
});

test('a root from PKCS#12 becomes the PEM that a service takes', async (context) => {
  const folder = temporaryFolder(context, { 'passphrase.txt': 'correct horse\n' });
  const file = (name: string) => join(folder, name);
  await heddle(['ca', 'root', '--out', file('own.pem'), '--key-type', 'rsa-2048']);
  execFileSync('openssl', [
    ...['pkcs12', '-export', '-in', file('own.pem'), '-inkey', file('own.pem'), '-out', file('own.p12')],
    ...['-passout', `file:${file('passphrase.txt')}`],
  ]);
  const argv = ['ca', 'import', '--p12', file('own.p12'), '--passphrase-file', file('passphrase.txt')];
  const said = await heddle([...argv, '--out', file('root.pem')]);
  assert.equal(said.exit, 0, said.stderr);
  const { env } = await service(context, { caFile: file('root.pem') });
  const bundle = await heddle(['ca', 'bundle'], { env });
  assert.ok(readFileSync(file('own.pem'), 'utf8').includes(bundle.stdout.trim()));
  writeFileSync(file('passphrase.txt'), 'wrong\n');
  assert.match((await heddle([...argv, '--out', file('other.pem')])).stderr, /passphrase/);
});

test('roots rotate and retire, identities are denied and allowed, certificates are listed, and a policy says who gets one', async (context) => {
  const { env } = await service(context);
  const ok = async (...argv: string[]) => {
    const said = await heddle(['ca', ...argv], { env });
    assert.equal(said.exit, 0, said.stderr);
    return said.stdout;
  };
  const id = 'spiffe://cluster.local/ns/default/sa/reviews';
  await ok('deny', '--id', id, '--because', 'a test');
  assert.match(await ok('denied'), /reviews.*never.*a test/);
  await ok('allow', '--id', id);
  assert.doesNotMatch(await ok('denied'), /reviews/);
  assert.equal((await heddle(['ca', 'deny'], { env })).exit, 2);
  assert.match(await ok('issued'), /SPIFFE ID/);
  const folder = temporaryFolder(context, {
    'issuance.yaml': 'rules:\n  - ids: [ns/*/sa/*]\n    ttlMs: 60000\n',
  });
  assert.match(await ok('policy', '-f', join(folder, 'issuance.yaml')), /60000/);
  assert.match(await ok('policy'), /ns\/\*\/sa\/\*/);
  assert.match(await ok('rotate', 'intermediate'), /signs/);
  assert.match(await ok('rotate', 'root'), /announced/);
  const status = async () => JSON.parse(await ok('status', '--json')) as CaStatus;
  let now = await status();
  while (now.roots[1]?.phase !== 'signing') now = await status();
  // By the token of before, which names the old root, and whose file names the new one by now.
  await ok('retire', now.roots[0]!.fingerprint.slice(0, 12));
  const { HEDDLE_DATA: data = '' } = env;
  const token = readFileSync(join(data, 'operator.token'), 'utf8');
  assert.equal(token.trim().split('.')[3], now.roots[1].fingerprint);
  assert.deepEqual(
    (await status()).roots.map(({ phase }) => phase),
    ['signing'],
  );
});

test('an intermediate is signed elsewhere for a key that stays with the service, below its own root and below another', async (context) => {
  const { env, dataDir } = await service(context);
  const folder = temporaryFolder(context);
  const file = (name: string) => join(folder, name);
  const ok = async (...argv: string[]) => {
    const said = await heddle(['ca', ...argv], { env });
    assert.equal(said.exit, 0, said.stderr);
    return said.stdout;
  };
  await ok('root', '--out', file('root.pem'));
  await ok('request', '--out', file('request.pem'));
  const asked = readFileSync(file('request.pem'), 'utf8');
  assert.match(asked, /^-----BEGIN CERTIFICATE REQUEST-----/);
  assert.doesNotMatch(asked, /PRIVATE/);
  const text = execFileSync('openssl', ['req', '-text', '-noout', '-verify', '-in', file('request.pem')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString();
  assert.match(text, /URI:spiffe:\/\/cluster\.local/);

  await ok('sign', '-f', file('request.pem'), '--root', file('root.pem'), '--out', file('signed.pem'));
  assert.doesNotMatch(readFileSync(file('signed.pem'), 'utf8'), /PRIVATE/);
  const status = async () => JSON.parse(await ok('status', '--json')) as CaStatus;
  const [own] = (await status()).roots;
  assert.match(await ok('install', '-f', file('signed.pem')), /root [0-9a-f]{16} announced/);
  let now = await status();
  while (now.roots[1]?.phase !== 'signing') now = await status();
  assert.deepEqual(
    now.roots.map(({ phase, hasKey }) => [phase, hasKey]),
    [
      ['retiring', true],
      ['signing', false],
    ],
  );
  assert.notEqual(now.roots[1].fingerprint, own?.fingerprint);
  assert.equal(statSync(join(dataDir, 'ca')).mode & 0o777, 0o700);

  // The key of a request that was answered is not used again; that of one that was not is.
  const again = await heddle(['ca', 'install', '-f', file('signed.pem')], { env });
  assert.match(again.stderr, /exactly one private key/);
  await ok('request', '--out', file('next.pem'));
  assert.match(
    (await heddle(['ca', 'install', '-f', file('signed.pem')], { env })).stderr,
    /not for the key that was requested/,
  );
  await ok('request', '--out', file('same.pem'));
  await ok(
    'sign',
    '-f',
    file('next.pem'),
    '--root',
    file('root.pem'),
    '--out',
    file('two.pem'),
    '--ttl',
    '30d',
  );
  assert.match(await ok('install', '-f', file('two.pem')), /intermediate [0-9a-f]{16} signs/);
  const wrong = await heddle([
    'ca',
    'sign',
    '-f',
    file('two.pem'),
    '--root',
    file('root.pem'),
    '--out',
    file('x'),
  ]);
  assert.equal(wrong.exit, 1);
  assert.match(wrong.stderr, /CERTIFICATE REQUEST/);
});
