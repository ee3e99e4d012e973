import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { heddle, READERS, SERVICE, SUBSETS, service, split, temporaryFolder, WRONG } from './cli.test.kit.js';

const POLICY = {
  'reviews.yaml': split(80),
  'rule.yaml': SUBSETS,
  'service.yaml': SERVICE,
  'readers.yaml': READERS,
};

function expecting(v1: number): string {
  return `apiVersion: heddle.dev/v1
kind: PolicyTest
metadata:
  name: reviews
spec:
  cases:
    - name: a few see v2
      call: { from: productpage, url: "http://reviews:9080/" }
      expect: { shares: { v1: ${v1}, v2: ${100 - v1} } }
    - name: productpage <reads>
      exchange: { from: productpage, to: "reviews:9080" }
      expect: allow
`;
}

test('cases that hold are named and counted: exit code 0', async (context) => {
  const folder = temporaryFolder(context, { ...POLICY, 'reviews.test.yaml': expecting(80) });
  const { exit, stdout, stderr } = await heddle(['test', folder]);
  assert.equal(stdout, 'default/reviews\n  passed  a few see v2\n  passed  productpage <reads>\n2 passed\n');
  assert.deepEqual([exit, stderr], [0, '']);
});

test('a case that fails says where it stands, what was expected, what came, and why: exit code 1', async (context) => {
  const folder = temporaryFolder(context, { ...POLICY, 'reviews.test.yaml': expecting(90) });
  const { exit, stdout } = await heddle(['test', folder]);
  const lines = stdout.split('\n');
  assert.deepEqual(lines.slice(0, 6), [
    'default/reviews',
    '  failed  a few see v2',
    `    ${join(folder, 'reviews.test.yaml')}:7:7`,
    '    shares: expected 90 % v1, 10 % v2, but it is 80 % reviews:9080 v1, 20 % reviews:9080 v2',
    '    why',
    '      1. reviews is the host reviews.default.svc.cluster.local',
  ]);
  assert.deepEqual([exit, lines.at(-2)], [1, '1 passed, 1 failed']);
});

test('colours only where they are wanted', async (context) => {
  const folder = temporaryFolder(context, { ...POLICY, 'reviews.test.yaml': expecting(90) });
  const colored = await heddle(['test', folder], { isTTY: true });
  assert.ok(colored.stdout.includes('\x1b[31mfailed\x1b[39m'));
  const plain = await heddle(['test', folder], { isTTY: true, env: { NO_COLOR: '1' } });
  assert.equal(plain.stdout, (await heddle(['test', folder])).stdout);
});

test('results in JSON and as JUnit XML', async (context) => {
  const folder = temporaryFolder(context, { ...POLICY, 'reviews.test.yaml': expecting(90) });
  const junit = join(folder, 'results.xml');
  const { exit, stdout } = await heddle(['test', folder, '--json', '--junit', junit]);
  const report = JSON.parse(stdout);
  assert.deepEqual([exit, report.valid, report.passed, report.failed, report.skipped], [1, true, 1, 1, 0]);
  assert.deepEqual(Object.keys(report.cases[0]), [
    'test',
    'name',
    'file',
    'line',
    'column',
    'passed',
    'differences',
    'steps',
  ]);
  const xml = readFileSync(junit, 'utf8');
  assert.match(xml, /<testsuite name="heddle test" tests="2" failures="1">/);
  assert.match(xml, /<failure message="shares: expected 90 % v1, 10 % v2, but it is 80 % /);
  assert.match(xml, /name="productpage &lt;reads&gt;" file="[^"]+" line="10"\/>/);
});

test('a filter chooses by name; one that leaves nothing is wrong usage', async (context) => {
  const folder = temporaryFolder(context, { ...POLICY, 'reviews.test.yaml': expecting(90) });
  const chosen = await heddle(['test', folder, '--filter', 'reads']);
  assert.equal(chosen.exit, 0);
  assert.match(chosen.stdout, /1 passed, 1 left out by the filter\n$/);
  const none = await heddle(['test', folder, '--filter', 'writes']);
  assert.equal(none.exit, 2);
  assert.match(none.stderr, /none of 2 cases has 'writes' in its name/);
});

test('no case at all is wrong usage, with a hint; so is a file that cannot be written', async (context) => {
  const folder = temporaryFolder(context, POLICY);
  const { exit, stdout, stderr } = await heddle(['test', folder]);
  assert.deepEqual([exit, stdout], [2, '']);
  assert.match(stderr, /error: there is no policy test in .*\nhint: write one: .*kind PolicyTest/);
  const tested = temporaryFolder(context, { ...POLICY, 'reviews.test.yaml': expecting(80) });
  assert.equal((await heddle(['test', tested, '--junit', join(folder, 'no/where.xml')])).exit, 2);
});

test('policy or a test that is not right: its mistakes, exit code 1, and no case is run', async (context) => {
  const folder = temporaryFolder(context, { 'wrong.yaml': WRONG, 'reviews.test.yaml': expecting(80) });
  const { exit, stdout, stderr } = await heddle(['test', folder]);
  assert.deepEqual([exit, stdout], [1, '']);
  assert.match(stderr, /wrong\.yaml:9:26 error IST0106 .*\n/);
  assert.match(stderr, /error: policy or tests are not right; no case was run\n$/);
  const json = await heddle(['test', folder, '--json']);
  const { valid, cases, messages } = JSON.parse(json.stdout);
  assert.deepEqual([json.exit, valid, cases], [1, false, []]);
  assert.ok(messages.length > 0);
});

test('tests next to policy may be applied and analyzed with it: they are left out, and that is said', async (context) => {
  const folder = temporaryFolder(context, { ...POLICY, 'reviews.test.yaml': expecting(80) });
  const { env } = await service(context);
  const applied = await heddle(['apply', '-f', folder], { env });
  assert.equal(applied.exit, 0, applied.stderr);
  assert.ok(!applied.stdout.includes('PolicyTest'), applied.stdout);
  assert.match(applied.stderr, /info HDL0003 PolicyTest default\/reviews .*`heddle test` runs it/);
  const analyzed = await heddle(['analyze', '-f', folder]);
  assert.deepEqual([analyzed.exit, /\n?1 info\n$/.test(analyzed.stdout)], [0, true], analyzed.stdout);
  const broken = temporaryFolder(context, { ...POLICY, 't.yaml': expecting(80).replace('shares', 'chares') });
  assert.equal((await heddle(['analyze', '-f', broken])).exit, 1);
});
