/** The benchmark of decisions runs, in miniature, and routing and authorization leave nothing on the heap. No time is asserted. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const BENCHMARK = new URL('../../../benchmarks/decide.mjs', import.meta.url).pathname;

/** Bytes that the compiler at work may leave behind for each decision, in the best of several tries. */
const NOISE = 24;

interface Result {
  readonly name: string;
  readonly ns: number;
  readonly least: number;
}

test('benchmarks/decide.mjs --quick measures every decision, and those that change nothing allocate nothing', () => {
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
    if (!name.endsWith('rewritten')) assert.ok(least < NOISE, `${name}: ${least} bytes`);
  }
});
