/** Ports of a mesh that is left. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { test } from 'node:test';
import { isMeshError, join } from 'heddle';

test('a port that is still being opened when the mesh is closed is closed with it', {
  timeout: 60_000,
}, async (t) => {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-served-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const policy = path(folder, 'policy.yaml');
  await writeFile(policy, '---\n');
  const mesh = await join({ policy, drainTimeoutMs: 0, joinTimeoutMs: 60_000, log() {} });
  const opening = mesh.listen((_request, response) => response.end(), 0, { address: '127.0.0.1' });
  const refused = assert.rejects(opening, (error) => isMeshError(error, 'HEDDLE_CLOSED'));
  await mesh.close();
  await refused;
  assert.deepEqual(mesh.status().listeners, []);
});
