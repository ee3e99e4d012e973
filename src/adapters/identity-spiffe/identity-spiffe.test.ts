import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openWorkloadApi } from './index.js';

function application(context: TestContext, source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const place = join(folder, 'node_modules', '@heddle', 'workload-api');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), '{"type":"module","exports":"./index.js"}');
  writeFileSync(join(place, 'index.js'), source);
  return folder;
}

test("the package is found where the application's packages are, and told where lines go", async (context) => {
  const folder = application(
    context,
    'export const workloadApi = ({ log }) => { log("loaded"); return { close() {} } };',
  );
  const lines: string[] = [];
  await openWorkloadApi((line) => lines.push(line), folder);
  assert.deepEqual(lines, ['loaded']);
});

test('what goes wrong inside of the package is not taken for its absence', async (context) => {
  const folder = application(context, 'import "not-installed-either";');
  await assert.rejects(
    openWorkloadApi(() => {}, folder),
    /not-installed-either/,
  );
});
