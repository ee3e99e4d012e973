/** Flags of `heddle control` that say where identities come from. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { heddle, temporaryFolder } from './cli.test.kit.js';
import { startCommand } from './control.test.kit.js';

test('control starts with an authority from elsewhere, a kind of key, a cluster and roots for federation', async (context) => {
  const folder = temporaryFolder(context, { 'jwks.json': '{"keys":[]}', token: 'secret' });
  const file = (name: string) => join(folder, name);
  const made = await heddle(['ca', 'root', '--out', file('root.pem'), '--key-type', 'ec-p384']);
  assert.equal(made.exit, 0, made.stderr);
  const data = file('data');
  const { ready, stop, said } = startCommand(context, [
    ...['--data', data, '--ca', file('root.pem'), '--ca-key-type', 'ec-p384'],
    ...['--kubernetes-issuer', 'https://kubernetes.default.svc', '--kubernetes-audience', 'heddle'],
    ...['--kubernetes-jwks', file('jwks.json'), '--kubernetes-ca', file('root.pem')],
    ...['--kubernetes-token', file('token'), '--federation-ca', file('root.pem')],
  ]);
  await ready;
  const status = await heddle(['ca', 'status', '--json'], { env: { HEDDLE_DATA: data } });
  const { roots } = JSON.parse(status.stdout) as { roots: { hasKey: boolean }[] };
  assert.deepEqual(
    roots.map(({ hasKey }) => hasKey),
    [true],
    said.stderr,
  );
  assert.equal(await stop(), 0, said.stderr);
});

test('control refuses flags that cannot hold, by name', async (context) => {
  const data = join(temporaryFolder(context), 'data');
  for (const [argv, expected] of [
    [
      ['--kubernetes-jwks', 'jwks.json'],
      /which cluster is it\?\nhint: name its issuer with --kubernetes-issuer/,
    ],
    [['--kubernetes-audience', 'heddle'], /which cluster is it\?/],
    [['--kubernetes-issuer', 'http://cluster'], /issuer/],
    [['--ca-key-type', 'rsa-1024'], /ca-key-type/],
    [['--ca', join(data, 'none.pem')], /none\.pem/],
    [['--federation-ca', join(data, 'none.pem')], /none\.pem/],
  ] as const) {
    const said = await heddle(['control', '--port', '0', '--data', data, ...argv]);
    assert.notEqual(said.exit, 0, argv.join(' '));
    assert.match(said.stderr, expected);
    assert.doesNotMatch(said.stderr, /\n {4}at /);
  }
});
