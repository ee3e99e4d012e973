/** Runs the quickstart on a free port and compares what it prints with `expected.txt`. Exit code 1 if they differ. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'quickstart-'));
try {
  const port = await freePort();
  const policy = readFileSync(join(here, 'policy.yaml'), 'utf8').replaceAll('9101', String(port));
  writeFileSync(join(folder, 'policy.yaml'), policy);
  const env = { ...process.env, HEDDLE_POLICY: join(folder, 'policy.yaml'), PORT: String(port) };
  const printed = execFileSync(process.execPath, [join(here, 'dist/main.js')], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  assert.equal(printed, readFileSync(join(here, 'expected.txt'), 'utf8'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
