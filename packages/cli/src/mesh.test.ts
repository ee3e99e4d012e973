import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { importPkcs12 } from 'heddle/security';
import {
  heddle,
  READERS,
  type Running,
  rootOf,
  SERVICE,
  SUBSETS,
  service,
  split,
  temporaryFolder,
  WRONG,
} from './cli.test.kit.js';

const everything = [SERVICE, SUBSETS, split(80)].join('---\n');

test('apply says what it created, changed and left; get shows it as table, YAML and JSON', async (context) => {
  const { env } = await service(context);
  const first = await heddle(['apply', '-f', '-'], { env, stdin: everything });
  assert.deepEqual([first.exit, first.stderr], [0, '']);
  assert.match(
    first.stdout,
    /^Service default\/reviews created\nDestinationRule default\/reviews created\nVirtualService default\/reviews created\nthe policy is at revision \d+\n$/,
  );

  const folder = temporaryFolder(context, {
    'a.yaml': everything.replace('weight: 80', 'weight: 30').replace('weight: 20', 'weight: 70'),
  });
  const dry = await heddle(['apply', '-f', folder, '--dry-run'], { env });
  assert.match(dry.stdout, /VirtualService default\/reviews configured\nnothing was changed \(dry run\)/);
  const second = await heddle(['apply', '-f', folder, '--json'], { env });
  const answer = JSON.parse(second.stdout) as { revision: number; results: { result: string }[] };
  assert.deepEqual(
    answer.results.map(({ result }) => result),
    ['unchanged', 'unchanged', 'configured'],
  );

  const table = await heddle(['get'], { env });
  assert.match(table.stdout, /^NAMESPACE {2}KIND +NAME +REVISION {2}AGE\n/);
  assert.match(table.stdout, new RegExp(`default +VirtualService +reviews +${answer.revision} +\\d`));
  assert.equal(
    (await heddle(['get', 'vs', '-A', '-o', 'table'], { env })).stdout.trim().split('\n').length,
    2,
  );
  const yaml = await heddle(['get', 'virtualservice', 'reviews', '-o', 'yaml'], { env });
  assert.match(yaml.stdout, /^apiVersion: networking\.istio\.io\/v1\nkind: VirtualService\n/);
  const again = await heddle(['apply', '-f', '-'], {
    env,
    stdin: yaml.stdout.replace('weight: 30', 'weight: 50').replace('weight: 70', 'weight: 50'),
  });
  assert.match(again.stdout, /VirtualService default\/reviews configured/);
  const stale = await heddle(['apply', '-f', '-'], { env, stdin: yaml.stdout });
  assert.equal(stale.exit, 1);
  assert.match(stale.stderr, /was changed from revision[\s\S]*hint: read it again/);

  const one = JSON.parse((await heddle(['get', 'vs', 'reviews', '--json'], { env })).stdout);
  assert.equal(one.spec.http[0].route[0].weight, 50);
  assert.equal(JSON.parse((await heddle(['get', '-o', 'json'], { env })).stdout).items.length, 3);
  const none = await heddle(['get', '-n', 'other'], { env });
  assert.deepEqual([none.exit, none.stdout], [0, '']);
  assert.match(none.stderr, /no policy in namespace other; -A looks in all/);
  const gone = await heddle(['get', 'vs', 'gone'], { env });
  assert.deepEqual([gone.exit, gone.stderr], [1, 'error: there is no VirtualService default/gone\n']);
  assert.equal((await heddle(['get', 'vs', 'reviews', '-A'], { env })).exit, 2);
});

test('apply of wrong policy changes nothing and says file, line and column; analysis stops it with --strict only', async (context) => {
  const { env } = await service(context);
  const folder = temporaryFolder(context, { 'good.yaml': SERVICE, 'wrong.yaml': WRONG });
  const wrong = await heddle(['apply', '-f', folder], { env });
  assert.equal(wrong.exit, 1);
  assert.ok(
    wrong.stderr.includes(`${join(folder, 'wrong.yaml')}:9:26 error IST0106 VirtualService default/wrong`),
    wrong.stderr,
  );
  assert.match(wrong.stderr, /error: the policy has \d errors?\n$/);
  const json = JSON.parse((await heddle(['apply', '-f', folder, '--json'], { env })).stdout);
  assert.equal(json.error.code, 'invalid_policy');
  assert.equal(json.error.messages[0].line, 9);
  assert.equal((await heddle(['get', '--json'], { env })).stdout.includes('"kind"'), false);

  const nowhere = split(80);
  const strict = await heddle(['apply', '-f', '-', '--strict'], { env, stdin: nowhere });
  assert.equal(strict.exit, 1);
  assert.match(strict.stderr, /IST0101/);
  const lenient = await heddle(['apply', '-f', '-'], { env, stdin: nowhere });
  assert.equal(lenient.exit, 0);
  assert.match(lenient.stdout, /created/);
  assert.match(lenient.stderr, /<stdin>:\d+:\d+ error IST0101/);
});

test('apply of nothing is a failure', async (context) => {
  const { env } = await service(context);
  for (const stdin of ['', '# nothing\n---\n']) {
    const nothing = await heddle(['apply', '-f', '-'], { env, stdin });
    assert.equal(nothing.exit, 1);
    assert.match(nothing.stderr, /nothing to apply/);
  }
});

test('delete takes out one resource, or all that files hold; what is not there is exit code 1', async (context) => {
  const { env } = await service(context);
  await heddle(['apply', '-f', '-'], { env, stdin: [everything, READERS].join('---\n') });
  const one = await heddle(['delete', 'AuthorizationPolicy', 'readers'], { env });
  assert.deepEqual([one.exit, one.stdout], [0, 'AuthorizationPolicy default/readers deleted\n']);
  const gone = await heddle(['delete', 'ap', 'readers'], { env });
  assert.deepEqual(
    [gone.exit, gone.stdout, gone.stderr],
    [1, '', 'AuthorizationPolicy default/readers is not there\n'],
  );
  assert.equal((await heddle(['delete', 'ap', 'readers', '--ignore-not-found'], { env })).exit, 0);
  const files = await heddle(['delete', '-f', '-', '--json'], { env, stdin: everything });
  const { results } = JSON.parse(files.stdout) as { results: { kind: string; result: string }[] };
  assert.deepEqual(
    results.map(({ kind, result }) => `${kind} ${result}`),
    ['Service deleted', 'DestinationRule deleted', 'VirtualService deleted'],
  );
  for (const argv of [['delete'], ['delete', 'vs'], ['delete', 'vs', 'x', '-f', '-']]) {
    assert.equal((await heddle(argv, { env })).exit, 2, argv.join(' '));
  }
  const unreadable = await heddle(['delete', '-f', '-'], { env, stdin: 'a: [' });
  assert.equal(unreadable.exit, 1);
  assert.match(unreadable.stderr, /<stdin>:1:\d+ error HDL0001/);
});

test('token create prints the token and nothing else on stdout; list and revoke go by its ID', async (context) => {
  const { env } = await service(context);
  const created = await heddle(
    ['token', 'create', '--service-account', 'reviews', '--ttl', '1h', '--uses', '2', '--name', 'blue'],
    { env },
  );
  assert.equal(created.exit, 0);
  assert.match(created.stdout, /^heddle1\.[a-z0-9]+\.[A-Za-z0-9_-]+\.[0-9a-f]{64}\n$/);
  assert.match(created.stderr, /^token \w+ for default\/reviews; it expires in (1h|59m\d+s)\n$/);
  const id = created.stdout.split('.')[1]!;
  const list = await heddle(['token', 'list'], { env });
  assert.match(list.stdout, /^ID +KIND +FOR +CREATED +EXPIRES +USES LEFT +NAME\n/);
  assert.match(
    list.stdout,
    new RegExp(`${id} +join +default/reviews +[\\dms]+ ago +in (1h|59m\\d+s) +2 +blue\n`),
  );
  const secret = created.stdout.split('.')[2]!;
  assert.ok(!(await heddle(['token', 'list', '--json'], { env })).stdout.includes(secret));
  assert.deepEqual((await heddle(['token', 'revoke', id], { env })).stdout, `token ${id} revoked\n`);
  assert.match((await heddle(['token', 'revoke', id], { env })).stderr, /there is no token/);
  assert.equal((await heddle(['token', 'revoke', '../x'], { env })).exit, 2);
  assert.equal((await heddle(['token', 'create'], { env })).exit, 2);
  assert.equal((await heddle(['token', 'create', '--operator', '--service-account', 'x'], { env })).exit, 2);
  const json = JSON.parse((await heddle(['token', 'create', '--operator', '--json'], { env })).stdout);
  assert.deepEqual([json.info.kind, json.info.serviceAccount], ['operator', null]);
});

test('an operator’s token made for a colleague works with --control and --token-file, a join token does not', async (context) => {
  const { env, control } = await service(context);
  const made = async (...argv: string[]) => (await heddle(['token', 'create', ...argv], { env })).stdout;
  const folder = temporaryFolder(context, {
    operator: await made('--operator'),
    join: await made('--service-account', 'a'),
  });
  const get = (name: string) => heddle(['get', '--control', control.url, '--token-file', join(folder, name)]);
  assert.equal((await get('operator')).exit, 0);
  const join_ = await get('join');
  assert.equal(join_.exit, 1);
  assert.match(join_.stderr, /may not do this\nhint: a join token cannot do this/);
  const token = readFileSync(join(folder, 'operator'), 'utf8').trim();
  const byEnvironment = [
    { HEDDLE_CONTROL: control.url, HEDDLE_OPERATOR_TOKEN: token },
    { HEDDLE_CONTROL: control.url, HEDDLE_OPERATOR_TOKEN_FILE: join(folder, 'operator') },
  ];
  for (const environment of byEnvironment)
    assert.equal((await heddle(['get'], { env: environment })).exit, 0);
});

test('flags win over the environment', async (context) => {
  const [one, other] = [await service(context), await service(context)];
  await heddle(['apply', '-f', '-'], { env: one.env, stdin: SERVICE });
  const items = async (argv: string[], env: Running['env']) =>
    (JSON.parse((await heddle(['get', '--json', ...argv], { env })).stdout) as { items: unknown[] }).items
      .length;
  const environment = {
    HEDDLE_CONTROL: other.control.url,
    HEDDLE_OPERATOR_TOKEN_FILE: other.control.operatorTokenFile,
  };
  assert.equal(await items([], environment), 0);
  assert.equal(await items(['--data', one.dataDir], environment), 1);
  const flags = ['--control', one.control.url, '--token-file', one.control.operatorTokenFile];
  assert.equal(await items(flags, { ...environment, HEDDLE_DATA: other.dataDir }), 1);
});

test('a service that is not the token’s never sees the token', async (context) => {
  const [mine, other] = [await service(context), await service(context)];
  const { exit, stderr } = await heddle(['get'], {
    env: { HEDDLE_CONTROL: other.control.url, HEDDLE_OPERATOR_TOKEN_FILE: mine.control.operatorTokenFile },
  });
  assert.equal(exit, 1);
  assert.match(stderr, /is not the one that the token is for[\s\S]*the token was not sent/);
});

test('a service that is not there, or is something else, is said in words', async (context) => {
  const running = await service(context);
  const other = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  context.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  const token = readFileSync(running.control.operatorTokenFile, 'utf8').trim();
  await running.control.close();
  const missing = join(temporaryFolder(context), 'missing');
  for (const [env, exit, expected] of [
    [running.env, 1, /nothing listens at https:\/\/127\.0\.0\.1:\d+\nhint: start it with `heddle control`/],
    [{}, 2, /which config service\?[\s\S]*--control URL with --token-file FILE, or --data DIR/],
    [{ HEDDLE_DATA: missing }, 1, /no config service has been started in .*missing\nhint: start it with/],
    [{ HEDDLE_CONTROL: 'localhost:1' }, 2, /HEDDLE_CONTROL: localhost:1 is not an http\(s\) URL/],
    [{ HEDDLE_CONTROL: 'http://control.example:15010' }, 2, /in plain text/],
    [{ HEDDLE_CONTROL: 'https://127.0.0.1:1' }, 2, /an operator token is needed/],
    [{ HEDDLE_CONTROL: 'https://127.0.0.1:1', HEDDLE_OPERATOR_TOKEN: 'x' }, 1, /not a token of Heddle/],
    [{ HEDDLE_CONTROL: `https://127.0.0.1:${port}`, HEDDLE_OPERATOR_TOKEN: token }, 1, /does not speak TLS/],
    [
      { HEDDLE_CONTROL: `http://127.0.0.1:${port}` },
      1,
      /did not answer in JSON: is it a Heddle config service/,
    ],
    [
      { HEDDLE_CONTROL: 'https://127.0.0.1:1', HEDDLE_OPERATOR_TOKEN_FILE: missing },
      2,
      /there is no file or folder .*missing/,
    ],
  ] as const) {
    const said = await heddle(['get'], { env });
    assert.equal(said.exit, exit, said.stderr);
    assert.match(said.stderr, expected);
    assert.ok(!said.stderr.includes(token), 'no secret');
    assert.ok(!/\n\s+at .*:\d+/.test(said.stderr), 'no stack');
  }
});

test('ca bundle prints the root, ca export a backup that opens with the passphrase', async (context) => {
  const { env, dataDir, control } = await service(context);
  const root = rootOf(dataDir).split('-----BEGIN PRIVATE')[0];
  assert.equal((await heddle(['ca', 'bundle'], { env })).stdout, root);
  const [info] = JSON.parse((await heddle(['ca', 'bundle', '--json'], { env })).stdout).roots;
  assert.equal(info.fingerprint, control.pin);
  const folder = temporaryFolder(context, { pass: 'correct horse\nnot this\n', short: 'x\n', empty: '\n' });
  const out = join(folder, 'ca.p12');
  writeFileSync(out, '', { mode: 0o644 });
  const flags = (passphrase: string) => [
    'ca',
    'export',
    '--p12',
    '--out',
    out,
    '--passphrase-file',
    join(folder, passphrase),
  ];
  assert.equal((await heddle(flags('pass'), { env })).exit, 0);
  assert.equal(statSync(out).mode & 0o777, 0o600);
  const { chain } = await importPkcs12(readFileSync(out), 'correct horse');
  assert.deepEqual(chain, [root]);
  if (spawnSync('openssl', ['version']).status === 0) {
    const opened = spawnSync('openssl', ['pkcs12', '-in', out, '-passin', 'pass:correct horse', '-nokeys'], {
      encoding: 'utf8',
    });
    assert.equal(opened.status, 0, opened.stderr);
  }
  assert.match((await heddle(flags('short'), { env })).stderr, /passphrase must have 8 characters or more/);
  assert.equal((await heddle(flags('empty'), { env })).exit, 2);
  assert.equal(
    (
      await heddle(
        flags('pass').filter((flag) => flag !== '--p12'),
        { env },
      )
    ).exit,
    2,
  );
  const file = join(folder, 'roots.pem');
  assert.equal((await heddle(['ca', 'bundle', '--out', file], { env })).stdout, '');
  assert.equal(readFileSync(file, 'utf8'), root);
});

test('in dev mode no token is asked for', async (context) => {
  const { control, env } = await service(context, { dev: true });
  assert.equal((await heddle(['get'], { env: { HEDDLE_CONTROL: control.url } })).exit, 0);
  assert.equal((await heddle(['apply', '-f', '-'], { env, stdin: SERVICE })).exit, 0);
});
