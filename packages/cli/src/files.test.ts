import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { heddle, READERS, SERVICE, SUBSETS, split, temporaryFolder, WRONG } from './cli.test.kit.js';

const GOOD = {
  'reviews.yaml': split(80),
  'rule.yml': SUBSETS,
  'service.json': JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'reviews' },
    spec: { ports: [{ name: 'http', port: 9080 }] },
  }),
};

test('analyze finds nothing in a good folder: exit code 0, and the contract in JSON', async (context) => {
  const folder = temporaryFolder(context, { ...GOOD, 'notes.txt': 'not policy', '.hidden.yaml': '{' });
  const { exit, stdout, stderr } = await heddle(['analyze', '-f', folder, '--json']);
  assert.deepEqual([exit, JSON.parse(stdout), stderr], [0, { valid: true, messages: [] }, '']);
  assert.equal((await heddle(['analyze', '-f', folder])).stdout, 'no problems found\n');
});

test('analyze says file, line, column and field of a mistake: exit code 1', async (context) => {
  const folder = temporaryFolder(context, { 'wrong.yaml': WRONG });
  const file = join(folder, 'wrong.yaml');
  const { exit, stdout } = await heddle(['analyze', '-f', folder]);
  assert.equal(exit, 1);
  assert.ok(
    stdout.includes(
      `${file}:9:26 error IST0106 VirtualService default/wrong spec.http[0].route[0].destination.hots:`,
    ),
    stdout,
  );
  const answer = JSON.parse((await heddle(['analyze', '-f', file, '--json'])).stdout);
  assert.equal(answer.valid, false);
  for (const message of answer.messages) {
    assert.deepEqual(Object.keys(message).sort(), [
      'code',
      'column',
      'file',
      'kind',
      'level',
      'line',
      'message',
      'name',
      'namespace',
      'path',
    ]);
  }
});

test('--suppress leaves findings out, and does not take what it cannot read', async (context) => {
  const folder = temporaryFolder(context, { 'wrong.yaml': WRONG.replace('hots', 'host') });
  const { messages } = JSON.parse((await heddle(['analyze', '-f', folder, '--json'])).stdout);
  assert.ok(messages.length > 0);
  const suppress = messages.flatMap(({ code, kind }: { code: string; kind: string }) => [
    '--suppress',
    `${code}=${kind} *.default`,
  ]);
  const quiet = await heddle(['analyze', '-f', folder, ...suppress]);
  assert.deepEqual([quiet.exit, quiet.stdout], [0, 'no problems found\n']);
  const wrong = await heddle(['analyze', '-f', folder, '--suppress', 'IST0101']);
  assert.equal(wrong.exit, 2);
  assert.match(wrong.stderr, /CODE=Kind name\.namespace/);
});

test('a file that is not UTF-8 is told with its place, and hides no other', async (context) => {
  const folder = temporaryFolder(context, { ...GOOD, 'wrong.yaml': WRONG });
  writeFileSync(join(folder, 'latin.yaml'), Buffer.from('a: 1\nb: caf\xe9\n', 'latin1'));
  const { exit, stdout } = await heddle(['analyze', '-f', folder]);
  assert.equal(exit, 1);
  assert.match(stdout, /latin\.yaml:2:7 error HDL0001: byte 0xe9 is not UTF-8: save the file as UTF-8/);
  assert.match(stdout, /wrong\.yaml:9:26 error IST0106/);
  const explained = await heddle(['explain', 'outbound', '-f', folder], { stdin: '{}' });
  assert.equal(explained.exit, 1);
  assert.match(explained.stderr + explained.stdout, /latin\.yaml:2:7/);
});

test('text that is not YAML is told with its place', async () => {
  const { exit, stdout } = await heddle(['analyze', '-f', '-'], {
    stdin: 'kind: Service\nmetadata: {name: [}\n',
  });
  assert.equal(exit, 1);
  assert.match(stdout, /^<stdin>:2:\d+ error HDL0001: not YAML/);
});

test('warnings and remarks fail from the threshold on', async (context) => {
  const exits = async (folder: string) => {
    const flags = [[], ['--failure-threshold', 'info'], ['--failure-threshold', 'warning'], ['--strict']];
    return Promise.all(flags.map(async (more) => (await heddle(['analyze', '-f', folder, ...more])).exit));
  };
  const remark = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\n';
  assert.deepEqual(await exits(temporaryFolder(context, { 'not-policy.yaml': remark })), [0, 1, 0, 0]);
  const unknownHost = temporaryFolder(context, { 'rule.yaml': SUBSETS });
  assert.deepEqual(await exits(unknownHost), [0, 1, 1, 1]);
  assert.match((await heddle(['analyze', '-f', unknownHost])).stdout, / warning .*\n1 warning\n$/);
});

test('several files, folders below folders and links are read; what is not there is wrong usage', async (context) => {
  const folder = temporaryFolder(context, { 'reviews.yaml': split(80) });
  mkdirSync(join(folder, 'more'));
  writeFileSync(join(folder, 'more', 'rule.yaml'), SUBSETS);
  const other = temporaryFolder(context, { 'service.yaml': SERVICE });
  symlinkSync(join(other, 'service.yaml'), join(folder, 'more', 'service.yaml'));
  assert.equal((await heddle(['analyze', '-f', folder])).exit, 0);
  assert.equal((await heddle(['analyze', '-f', join(folder, 'reviews.yaml'), join(folder, 'more')])).exit, 0);
  const gone = await heddle(['analyze', '-f', join(folder, 'gone.yaml')]);
  assert.equal(gone.exit, 2);
  assert.match(gone.stderr, /^error: there is no file or folder .*gone\.yaml\n$/);
  const empty = temporaryFolder(context, { 'a.txt': '' });
  assert.match((await heddle(['analyze', '-f', empty])).stderr, /there is no \*\.yaml/);
});

test('explain outbound answers with the contract in JSON, and in words', async (context) => {
  const folder = temporaryFolder(context, GOOD);
  const call = {
    source: { namespace: 'default', labels: {}, service: 'productpage' },
    method: 'GET',
    scheme: 'http',
    authority: 'reviews:9080',
    path: '/',
    headers: {},
    random: 0.9,
  };
  const json = await heddle(['explain', 'outbound', '-f', folder, '--json'], { stdin: JSON.stringify(call) });
  const answer = JSON.parse(json.stdout);
  assert.equal(json.exit, 0);
  assert.deepEqual(Object.keys(answer).sort(), [
    'clusters',
    'cors',
    'directResponse',
    'fault',
    'mirrors',
    'outcome',
    'picked',
    'redirect',
    'request',
    'responseHeaders',
    'retries',
    'route',
    'steps',
    'timeoutMs',
    'virtualService',
  ]);
  assert.equal(answer.outcome, 'route');
  assert.deepEqual(
    answer.clusters.map(({ subset, weight }: { subset: string; weight: number }) => [subset, weight]),
    [
      ['v1', 0.8],
      ['v2', 0.2],
    ],
  );
  assert.equal(answer.picked, 'outbound|9080|v2|reviews.default.svc.cluster.local');
  const text = await heddle(['explain', 'outbound', '-f', folder], { stdin: JSON.stringify(call) });
  assert.match(
    text.stdout,
    /^outcome {2}route\npolicy +VirtualService default\/reviews\nroute +0 \(split\)\n/,
  );
  assert.match(text.stdout, /v2 +9080 {2}20 %/);
  assert.match(text.stdout, /\nwhy\n {2}1\. /);
});

test('explain outbound takes the mesh’s policy for unknown hosts', async (context) => {
  const folder = temporaryFolder(context, GOOD);
  const explain = async (...more: string[]) =>
    JSON.parse(
      (
        await heddle(['explain', 'outbound', '-f', folder, '--json', ...more], {
          stdin: '{"authority":"nobody.example"}',
        })
      ).stdout,
    ).outcome;
  assert.equal(await explain(), 'blocked');
  assert.equal(await explain('--outbound-traffic-policy', 'ALLOW_ANY'), 'route');
});

test('explain inbound answers with the contract in JSON, and in words', async (context) => {
  const folder = temporaryFolder(context, { 'readers.yaml': READERS });
  const exchange = (method: string) =>
    JSON.stringify({
      workload: { namespace: 'default', labels: { app: 'reviews' }, service: 'reviews' },
      port: 9080,
      peer: { principal: 'cluster.local/ns/default/sa/productpage', ip: '10.0.0.7' },
      method,
      authority: 'reviews:9080',
      path: '/',
      headers: {},
    });
  const json = await heddle(['explain', 'inbound', '-f', folder, '--json'], { stdin: exchange('GET') });
  const { steps, ...answer } = JSON.parse(json.stdout);
  assert.deepEqual(
    [json.exit, answer],
    [0, { decision: 'allow', status: 200, policy: 'default/readers', rule: 0, audited: [] }],
  );
  assert.ok(steps.length > 0);
  const denied = await heddle(['explain', 'inbound', '-f', folder], { stdin: exchange('POST') });
  assert.equal(denied.exit, 0);
  assert.match(denied.stdout, /^decision {2}deny \(403\)\n/);
});

test('a question that is none is wrong usage, said clearly', async (context) => {
  const folder = temporaryFolder(context, GOOD);
  for (const [stdin, expected] of [
    ['', /there is no call on stdin\nhint: see `heddle explain outbound --help`/],
    ['{"authority"', /the call on stdin is not JSON: /],
    ['[]', /stdin is not a call: /],
    ['{"authority": 1}', /stdin is not a call: .*expected string[\s\S]*at authority/],
    ['{"authority": "reviews", "methd": "GET"}', /methd/],
    ['{"authority": "reviews", "random": 1}', /random/],
  ] as const) {
    const { exit, stdout, stderr } = await heddle(['explain', 'outbound', '-f', folder], { stdin });
    assert.deepEqual([exit, stdout], [2, ''], stdin);
    assert.match(stderr, expected);
    assert.ok(!/\n\s+at .*:\d+/.test(stderr), 'no stack');
  }
  const json = await heddle(['explain', 'inbound', '-f', folder, '--json'], { stdin: '{}' });
  assert.equal(json.exit, 2);
  assert.equal(JSON.parse(json.stdout).error.code, 'usage');
  assert.equal((await heddle(['explain', 'inbound', '-f', '-'], { stdin: '{}' })).exit, 2);
});

test('policy that is not YAML is a failure of explain, not wrong usage', async (context) => {
  const folder = temporaryFolder(context, { 'bad.yaml': 'a: [\n' });
  const { exit, stderr } = await heddle(['explain', 'outbound', '-f', folder], {
    stdin: '{"authority":"reviews"}',
  });
  assert.equal(exit, 1);
  assert.match(stderr, /bad\.yaml:\d+.*not YAML[\s\S]*heddle analyze/);
});

test('a pipe in a folder is told of, and nobody waits for it', async (context) => {
  const folder = temporaryFolder(context, GOOD);
  execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
  const { exit, stderr } = await heddle(['analyze', '-f', folder]);
  assert.equal(exit, 2);
  assert.match(stderr, /pipe\.yaml is neither a file nor a folder/);
});

test('a device without an end is not read to the end', async () => {
  const { exit, stderr } = await heddle(['analyze', '-f', '/dev/zero']);
  assert.equal(exit, 2);
  assert.match(stderr, /\/dev\/zero is longer than 16777216 bytes/);
});
