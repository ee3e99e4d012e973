/** The benchmark of decisions runs, in miniature, and routing and authorization leave next to nothing on the heap. No time is asserted. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const BENCHMARK = new URL('../../../benchmarks/decide.mjs', import.meta.url).pathname;

/** Bytes that the compiler at work may leave behind for each decision, in the best of several tries. */
const NOISE = 24;
/** Where a pattern is held against the path, the path without its query: V8 keeps it as a window on the whole. */
const BARE_PATH = 32;

interface Result {
  readonly name: string;
  readonly ns: number;
  readonly least: number;
}

test('benchmarks/decide.mjs --quick measures every decision, and those that change nothing allocate next to nothing', () => {
  const printed = execFileSync(process.execPath, [BENCHMARK, '--quick', '--json'], { encoding: 'utf8' });
  const results = JSON.parse(printed) as Result[];
  for (const begins of [
    'route, 20 rules',
    'TLS, 20 rules',
    'TCP, 20 rules',
    'authorize, 100 rules',
    'a whole call',
  ])
    assert.ok(
      results.some(({ name }) => name.startsWith(begins)),
      begins,
    );
  for (const { name, ns, least } of results) {
    assert.ok(ns > 0, name);
    const most = NOISE + (name.startsWith('route') ? BARE_PATH : 0);
    if (!name.endsWith('rewritten')) assert.ok(least < most, `${name}: ${least} bytes`);
  }
});
