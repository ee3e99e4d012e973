/** Code in Markdown comes from files that are compiled and run, and what is generated is up to date. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { generatedFiles } from './generated.js';
import { fencesOf, markdownFiles, ROOT, read, render, tableRows } from './markdown.js';
import { TABLES } from './tables.js';

const files = markdownFiles();

test('no TypeScript, JavaScript or heddle command in Markdown was typed in: each names the file it comes from', () => {
  const typedIn = files.flatMap((path) =>
    fencesOf(read(path))
      .filter(({ from }) => from === null)
      .filter(
        ({ language, text }) =>
          /^(ts|js|mjs|typescript|javascript)$/.test(language) || /^\s*heddle /m.test(text),
      )
      .filter(({ language }) => language !== 'text')
      .map(({ line }) => `${path}:${line}`),
  );
  assert.deepEqual(typedIn, []);
});

test('what Markdown shows of files, and every generated table, is up to date (node scripts/docs.mjs --write)', () => {
  const stale = files.filter((path) => render(read(path), TABLES) !== read(path));
  assert.deepEqual(stale, []);
});

test('links of Markdown lead to files that exist', () => {
  const broken = files.flatMap((path) =>
    [...read(path).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1]!)
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(ROOT, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('files that pages name exist', () => {
  const missing = files.flatMap((path) =>
    [...read(path).matchAll(/`((?:src|test|packages|examples|scripts|docs)\/[\w./-]+)`/g)]
      .map((match) => match[1]!)
      .filter((named) => !existsSync(join(ROOT, named)) && !existsSync(join(ROOT, dirname(path), named)))
      .map((named) => `${path}: ${named}`),
  );
  assert.deepEqual(missing, []);
});

test('the order of the filters is the one in the code', () => {
  const rows = tableRows(read('docs/architecture.md'), '#').map((row) => row.join(' | '));
  const code = read('src/outbound/order.ts').replace(/^ \* /gm, '');
  assert.equal(rows.length, 9);
  assert.deepEqual(
    rows,
    tableRows(code, '#').map((row) => row.join(' | ')),
  );
});

test('no page tells of the machine that it was written on', () => {
  const told = files.filter((path) => /(^|[^\w/])\/(work|root|home)\//m.test(read(path)));
  assert.deepEqual(told, []);
});

test('files that are made as a whole are up to date (node scripts/docs.mjs --write)', () => {
  const stale = Object.entries(generatedFiles()).filter(([path, text]) => read(path) !== text);
  assert.deepEqual(
    stale.map(([path]) => path),
    [],
  );
});
