/** The greeter, once with each framework: who calls it, and what is answered. Each is a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestCa } from '@heddle/testkit';
import { join } from 'heddle';

const folder = await mkdtemp(path(tmpdir(), 'servers-'));
const ca = await TestCa.create();

/** Where `HEDDLE_IDENTITY_DIR` points to: what in production comes from the config service, or from cert-manager. */
async function identityOf(name: string): Promise<string> {
  const svid = await ca.svid(`spiffe://cluster.local/ns/default/sa/${name}`);
  const place = await mkdtemp(path(folder, 'identity-'));
  await writeFile(path(place, 'ca.pem'), ca.bundle.roots.join('\n'));
  await writeFile(path(place, 'cert.pem'), svid.chain.join('\n'));
  await writeFile(path(place, 'key.pem'), svid.key.export({ type: 'pkcs8', format: 'pem' }).toString());
  return place;
}

async function start(program: string): Promise<ChildProcess> {
  const env = {
    ...process.env,
    HEDDLE_SERVICE: 'greeter',
    HEDDLE_IDENTITY_DIR: await identityOf('greeter'),
  };
  const file = fileURLToPath(new URL(`${program}.js`, import.meta.url));
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${program} ended with ${code}`);
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {});
  return child;
}

const callers = await Promise.all(
  ['caller', 'stranger'].map(async (service) =>
    join({ service, identityDir: await identityOf(service), log() {} }),
  ),
);
try {
  for (const program of ['express', 'fastify', 'koa', 'hono', 'nest-express', 'nest-fastify', 'node-http']) {
    const server = await start(program);
    for (const caller of callers) {
      const response = await caller.fetch('http://greeter/hello');
      console.log(program, response.status, await response.text());
    }
    server.kill('SIGTERM');
    const [code] = await once(server, 'exit');
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
  }
} finally {
  await Promise.all(callers.map((caller) => caller.close()));
  await rm(folder, { recursive: true });
}
