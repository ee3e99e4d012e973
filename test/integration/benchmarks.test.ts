/** Every benchmark in miniature, so that none can rot: what it measures is there. How long anything takes is not asked. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const root = new URL('../../..', import.meta.url).pathname;

interface Result {
  readonly name: string;
  readonly error?: string;
  readonly tables: readonly {
    readonly title: string;
    readonly rows: readonly { readonly name: string; readonly median: number }[];
  }[];
  readonly goals: readonly { readonly what: string; readonly value: number | null; readonly state: string }[];
}

function runner(...given: string[]) {
  return spawnSync(process.execPath, [join(root, 'benchmarks/run.mjs'), ...given], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
}

function miniature(t: TestContext, name: string): { result: Result; stdout: string; files: string[] } {
  const out = mkdtempSync(join(tmpdir(), 'heddle-bench-test-'));
  t.after(() => rmSync(out, { recursive: true }));
  const { status, stdout, stderr } = runner(name, '--size', 'mini', '--out', out);
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  const { results } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as { results: Result[] };
  return { result: results[0]!, stdout, files: readdirSync(out) };
}

const names = (result: Result, table: number) => result.tables[table]!.rows.map(({ name }) => name);

test('the benchmark of calls has a row for each way to make one, and a ratio for each goal', (t) => {
  const { result, files, stdout } = miniature(t, 'client-call');
  const rows = result.tables.flatMap((table) => table.rows.map(({ name }) => name));
  for (const name of [
    'undici.request',
    'undici.request, again',
    'undici.fetch',
    'hand-made built-in fetch',
    'axios',
  ])
    assert.ok(rows.includes(name), `no row ${name}: ${rows}`);
  for (const name of ['mesh.request', 'mesh.fetch', 'mesh.dispatcher'])
    assert.ok(rows.includes(name), `no row ${name}: ${rows}`);
  assert.ok(rows.includes('+ 20 rules') && rows.includes('mesh.request over undici.request'));
  assert.ok(result.tables.every(({ rows }) => rows.every(({ median }) => Number.isFinite(median))));
  const [request, fetch] = result.goals;
  assert.ok(request!.value! > 0 && fetch!.value! > 0);
  assert.ok(result.goals.every(({ state }) => state === 'not judged'));
  assert.ok(files.includes('README.md') && files.includes('client-call-1.svg'), `${files}`);
  assert.ok(!stdout.includes('\u001b'), 'NO_COLOR is respected');
});

test('the benchmark of the pipeline measures time and heap', (t) => {
  const { result } = miniature(t, 'pipeline');
  assert.equal(names(result, 0)[0], 'the pipeline');
  assert.ok(result.tables.every(({ rows }) => rows.every(({ median }) => median >= 0)));
});

test('the benchmark of calls over HTTP/2 has the mesh beside node:http2, and a ratio for its goal', (t) => {
  const { result } = miniature(t, 'http2-call');
  assert.deepEqual(names(result, 0), ['node:http2', 'mesh.request', 'node:http2, again']);
  assert.equal(result.goals.length, 1);
  assert.ok(result.goals[0]!.value! > 0);
});

test('the benchmark of gRPC has clients and servers, unary calls and streams, and a ratio for its goal', (t) => {
  const { result } = miniature(t, 'grpc');
  assert.deepEqual(names(result, 0), ['mesh', 'grpc-js']);
  const titles = result.tables.map(({ title }) => title);
  for (const kind of [
    'A client, unary',
    'A client, 1000 messages',
    'A server, unary',
    'A server, 1000 messages',
  ])
    assert.ok(
      titles.some((title) => title.startsWith(kind)),
      kind,
    );
  assert.ok(result.tables.every(({ rows }) => rows.every(({ median }) => Number.isFinite(median))));
  assert.ok(result.goals[0]!.value! > 0);
});

test('the benchmark of new connections opens some of both kinds, and ours are resumed', (t) => {
  const { result } = miniature(t, 'connection');
  assert.deepEqual(names(result, 0), [
    'undici, a client each',
    'ours, a client each',
    'undici, one pool',
    'ours, one pool',
  ]);
  const resumed = result.goals.find(({ what }) => what.includes('resumed'));
  assert.equal(resumed?.value, 10);
});

test('nothing is left of calls that were given up at random points', (t) => {
  const { result } = miniature(t, 'abort');
  assert.deepEqual(
    result.goals.map(({ value }) => value),
    [0, 0, 0, 0],
  );
});

test('the soak changes endpoints under load, and no call fails', (t) => {
  const { result } = miniature(t, 'soak');
  const value = (name: string) => result.tables[0]!.rows.find((row) => row.name === name)!.median;
  assert.ok(value('calls') > 0 && value('policies in force') > 1);
  assert.equal(value('calls failed'), 0);
});

test('the benchmarks of servers, under overload and per request, have rows', (t) => {
  for (const name of ['overload', 'server']) assert.ok(names(miniature(t, name).result, 0).length > 0, name);
});

test('benchmarks with outputs of their own come into the same report', (t) => {
  for (const name of ['issue', 'decide', 'policy-scale', 'telemetry-off'])
    assert.ok(names(miniature(t, name).result, 0).length > 0, name);
});

test('the runner explains itself, and refuses a name that it does not know', () => {
  const { status, stdout } = runner('--help');
  assert.equal(status, 0);
  assert.match(stdout, /client-call {2}.*\n {2}http2-call /);
  const unknown = runner('no-such-benchmark');
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /There is no benchmark "no-such-benchmark"/);
});
