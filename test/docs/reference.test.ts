/** The reference has a row for everything there is, and none too many. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HELP } from './command-help.js';
import { entryPoints } from './exports.js';
import { ROOT, read, tableRows } from './markdown.js';
import { METRIC_LABELS } from './metric-labels.js';
import { METRICS } from './metrics.js';

const bare = (cell: string | undefined) => (cell ?? '').replaceAll('`', '');

/** Text of all product files below `folder`. */
function sourcesIn(folder: string): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('.test.'))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'))
    .join('\n');
}

test('errors.md: every code once', () => {
  const type = /export type MeshErrorCode =([^;]*);/.exec(read('src/base/errors.ts'))![1]!;
  const codes = [...type.matchAll(/'(HEDDLE_\w+)'/g)].map((match) => match[1]!);
  assert.ok(codes.length > 10);
  const rows = tableRows(read('docs/reference/errors.md'), 'code').map(([code]) => bare(code));
  assert.deepEqual(rows, codes);
});

test('errors.md: a code that is called reserved is used nowhere, and no other is', () => {
  const used = sourcesIn('src');
  for (const [code, , who] of tableRows(read('docs/reference/errors.md'), 'code'))
    assert.equal(used.includes(`code: '${bare(code)}'`), !who!.includes('reserved'), code);
});

test('errors.md: every response flag that is given', () => {
  const page = read('docs/reference/errors.md');
  const given = [...sourcesIn('src').matchAll(/(?:flag: |flags\.add\()'([A-Z]+)'/g)].map(
    (match) => match[1]!,
  );
  assert.ok(given.length > 5);
  assert.deepEqual(
    [...new Set(given)].filter((flag) => !page.includes(`\`${flag}\``)),
    [],
  );
});

test('metrics.md: labels of every metric, and of no other', () => {
  assert.deepEqual(Object.keys(METRIC_LABELS).sort(), METRICS.map(({ name }) => name).sort());
});

test('http-api.md: every route with its access, and no other', async () => {
  const rows = tableRows(read('docs/reference/http-api.md'), 'method');
  const described = rows.map(([method, path, access]) => `${method} ${bare(path)} ${access}`);
  assert.deepEqual(described.sort(), (await routes()).sort());
});

test('diagnostics.md: every code once', () => {
  const source = sourcesIn('src/policy') + sourcesIn('packages/control/src');
  const used = new Set([...source.matchAll(/'((?:IST|HDL)\d{4})'/g)].map((match) => match[1]!));
  const rows = tableRows(read('docs/reference/diagnostics.md'), 'code').map(([code]) => bare(code));
  assert.deepEqual(rows, [...used].sort());
});

test('cli.md: every command', () => {
  assert.ok(HELP.length > 10);
  const page = read('docs/reference/cli.md');
  for (const { name } of HELP) assert.ok(page.includes(`## \`${name}\``), name);
});

test('exports.md: what an entry point exports is what it has when it is loaded', async () => {
  for (const { name, values } of entryPoints()) {
    // Loading it is joining; test/end-to-end has tests of that.
    if (name === 'heddle/auto') continue;
    assert.deepEqual(Object.keys((await import(name)) as object).sort(), values, name);
  }
});

/** As the config service serves them. Its modules are not entry points: this asks what they list, and calls none of them. */
async function routes(): Promise<string[]> {
  const folder = join(ROOT, 'packages/control/dist/api');
  const found: string[] = [];
  for (const file of readdirSync(folder).filter((name) => /^\w+\.js$/.test(name))) {
    const module = (await import(new URL(`file://${join(folder, file)}`).href)) as Record<string, unknown>;
    for (const [name, make] of Object.entries(module)) {
      if (!name.endsWith('Routes')) continue;
      const listed = (make as (...parts: object[]) => { method: string; path: string; access: string }[])(
        {},
        {},
        {},
      );
      found.push(...listed.map(({ method, path, access }) => `${method} ${path} ${access}`));
    }
  }
  return found;
}
