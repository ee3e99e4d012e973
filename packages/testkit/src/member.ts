import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type JoinOptions, join, type Mesh } from 'heddle';

/** What is told of a test's end: `TestContext` of node:test is one. */
export interface TestScope {
  after(fn: () => Promise<void>): void;
}

/**
 * A member of a mesh that has its policy from a file, and needs no config service. At the test's end it leaves, and its file goes then.
 * Its times are long enough for busy machines.
 * @param policy YAML; empty: none
 * @param options beside that
 * @example const mesh = await memberOf(t, peerAuthentication('STRICT'), { service: 'reviews' });
 */
export async function memberOf(
  t: TestScope,
  policy: string,
  options: Omit<Partial<JoinOptions>, 'policy'> = {},
): Promise<Mesh> {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-member-'));
  let mesh: Mesh | null = null;
  t.after(async () => {
    await mesh?.close();
    await rm(folder, { recursive: true, force: true });
  });
  await writeFile(path(folder, 'policy.yaml'), policy === '' ? '---\n' : policy);
  mesh = await join({ joinTimeoutMs: 60_000, drainTimeoutMs: 60_000, log() {}, ...options, policy: folder });
  return mesh;
}
