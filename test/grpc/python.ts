/** Python with its gRPC, which is C++'s: another implementation, in another language. Debian's python3-grpcio and python3-protobuf. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join as path } from 'node:path';
import type { TestContext } from 'node:test';
import { Child } from '../end-to-end/child.js';
import { FILE_DESCRIPTOR, sourceOf } from './interop/definitions.js';
import { folder } from './scene.js';

/** The first that has what it takes; Debian's own, if another comes before it. */
const PYTHON = ['python3', '/usr/bin/python3'].find(
  (program) => spawnSync(program, ['-c', 'import grpc, google.protobuf']).status === 0,
);

/** For a test's `skip`. */
export const NO_PYTHON = PYTHON === undefined && 'python3-grpcio is not installed';

async function descriptors(t: TestContext): Promise<string> {
  const file = path(await folder(t), 'testing.pb');
  await writeFile(file, FILE_DESCRIPTOR);
  return file;
}

// What is compiled on the way is nobody's.
const ENVIRONMENT = { PYTHONDONTWRITEBYTECODE: '1' };

/** @returns its port */
export async function pythonServer(t: TestContext, identityDir: string): Promise<number> {
  const args = [sourceOf('interop_server.py'), await descriptors(t), identityDir];
  return Number(await Child.run(t, PYTHON!, args, ENVIRONMENT).line());
}

/** @returns what it says of the cases */
export async function pythonClient(
  t: TestContext,
  port: number,
  identityDir: string,
  cases: readonly string[],
): Promise<readonly string[]> {
  const args = [sourceOf('interop_client.py'), String(port), await descriptors(t), identityDir, ...cases];
  const child = Child.run(t, PYTHON!, args, ENVIRONMENT);
  await child.exit;
  return child.lines;
}
