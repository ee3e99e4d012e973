/** The security page promises tests: they exist, and those that it calls properties draw their input. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, read, tableRows } from './markdown.js';

const page = read('docs/security.md');
const paths = (text: string) =>
  [...text.matchAll(/`((?:src|test|packages)\/[^`]+)`/g)].map((match) => match[1]!);

test('security.md: every path that it names is there', () => {
  const missing = paths(page).filter((path) => !existsSync(join(ROOT, path)));
  assert.deepEqual(missing, []);
});

test('security.md: every threat has a test', () => {
  const rows = tableRows(page, 'threat');
  assert.ok(rows.length > 20);
  for (const [threat, , tried] of rows) {
    const tests = paths(tried ?? '');
    assert.ok(tests.length > 0, threat);
    for (const path of tests) assert.match(path, /\.test\.ts$/, threat);
  }
});

test('security.md: every reader has a test, and where a property is promised there is one', () => {
  const rows = tableRows(page, 'reader');
  assert.ok(rows.length > 20);
  for (const [reader, , tried] of rows) {
    assert.ok(paths(tried ?? '').length > 0, reader);
    for (const part of (tried ?? '').split(';')) {
      if (!/property[^:]*:/.test(part)) continue;
      assert.ok(
        paths(part).some((path) => read(path).includes('fast-check')),
        `${reader}: no property in ${part}`,
      );
    }
  }
});
