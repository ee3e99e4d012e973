import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { heddle, service, temporaryFolder } from './cli.test.kit.js';

/** The bundle of the service at `url`, as an operator of the other side would fetch it. */
function bundleOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${url}/v1/spiffe-bundle`,
      { rejectUnauthorized: false, agent: false },
      async (answer) => {
        let text = '';
        for await (const part of answer) text += String(part);
        resolve(text);
      },
    );
    call.once('error', reject).end();
  });
}

test('a foreign trust domain is federated by a bundle, is listed, and is removed', async (context) => {
  const { env } = await service(context);
  const partner = await service(context, { trustDomain: 'partner.example' });
  const file = join(temporaryFolder(context), 'partner.json');
  writeFileSync(file, await bundleOf(partner.control.url));
  const run = (...argv: string[]) => heddle(['federation', ...argv], { env });

  const added = await run('add', 'partner.example', '--bundle', file);
  assert.equal(added.stdout, 'partner.example federated\n', added.stderr);
  assert.match((await run('list')).stdout, /partner\.example +by hand/);
  const listed = JSON.parse((await run('list', '--json')).stdout) as { items: { trustDomain: string }[] };
  assert.deepEqual(
    listed.items.map(({ trustDomain }) => trustDomain),
    ['partner.example'],
  );
  assert.equal(
    (await run('remove', 'partner.example')).stdout,
    'partner.example is not federated any more\n',
  );
  const again = await run('remove', 'partner.example');
  assert.match(again.stderr, /partner\.example is not federated/);
  assert.notEqual(again.exit, 0);
});

test('with an endpoint of the foreign mesh itself a first bundle is asked for; with both it is kept', async (context) => {
  const { env } = await service(context);
  const partner = await service(context, { trustDomain: 'partner.example' });
  const file = join(temporaryFolder(context), 'partner.json');
  writeFileSync(file, await bundleOf(partner.control.url));
  const argv = ['federation', 'add', 'partner.example', '--url', `${partner.control.url}/v1/spiffe-bundle`];
  const itself = [...argv, '--spiffe-id', 'spiffe://partner.example/ns/heddle-system/sa/control'];
  assert.match((await heddle(itself, { env })).stderr, /first bundle/);
  assert.equal((await heddle([...itself, '--bundle', file], { env })).exit, 0);
  assert.match(
    (await heddle(['federation', 'list'], { env })).stdout,
    /partner\.example +https_spiffe +https:/,
  );
});

test('what is missing or wrong is said before anybody is asked', async (context) => {
  const file = join(temporaryFolder(context, { 'not.json': '-----BEGIN' }), 'not.json');
  for (const [argv, expected] of [
    [[], /where does its bundle come from\?\nhint: give --url, --bundle, or both/],
    [['--spiffe-id', 'spiffe://a/b', '--bundle', file], /--spiffe-id is about the server at --url/],
    [['--bundle', file], /not\.json is not JSON/],
  ] as const) {
    const said = await heddle(['federation', 'add', 'partner.example', ...argv]);
    assert.equal(said.exit, 2, said.stderr);
    assert.match(said.stderr, expected);
  }
});
