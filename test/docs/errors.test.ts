/** What the page on errors shows, run. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { test } from 'node:test';
import { isMeshError, join } from 'heddle';

test('an error is told by its code', async () => {
  const folder = mkdtempSync(joinPath(tmpdir(), 'heddle-docs-errors-'));
  writeFileSync(
    joinPath(folder, 'policy.yaml'),
    'apiVersion: v1\nkind: Service\nmetadata: { name: ratings }\nspec: { ports: [{ port: 80, name: http }] }\n',
  );
  const seen: string[] = [];
  try {
    await using mesh = await join({ policy: folder, log: () => {} });
    const noStars = (why: string) => void seen.push(why);
    // #region match
    try {
      const response = await mesh.fetch('http://ratings/1');
      if (!response.ok) noStars(`ratings answered ${response.status}`);
    } catch (error) {
      if (isMeshError(error, 'HEDDLE_CIRCUIT_OPEN') || isMeshError(error, 'HEDDLE_NO_ENDPOINT'))
        noStars('ratings is down, and we know it at once');
      else throw error;
    }
    // #endregion
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  assert.deepEqual(seen, ['ratings is down, and we know it at once']);
});
