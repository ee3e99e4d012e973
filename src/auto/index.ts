/**
 * `node --import heddle/auto app.js`: a service that knows nothing of the mesh joins it, by its environment alone. The one place of
 * Heddle that changes what is not its own: `fetch`, undici's global dispatcher, `http.Agent`, `http.Server`, and grpc-js where the
 * application has it.
 */
import { isMainThread } from 'node:worker_threads';
import { systemClock } from '../base/clock.js';
import { isMeshError } from '../base/errors.js';
import { join, type Mesh } from '../mesh.js';
import { readAutoSettings } from '../settings/auto.js';
import { patchAgents } from './agent.js';
import { excludes } from './exclude.js';
import { patchFetch } from './fetch.js';
import { patchGrpc } from './grpc.js';
import { followProcess } from './lifecycle.js';
import { patchServers } from './servers.js';

export type { Mesh } from '../mesh.js';

/** Where copies of the package find what the first of them has done. */
const INSTALLED = Symbol.for('heddle.auto');
const place = globalThis as { [INSTALLED]?: { readonly mesh: Promise<Mesh>; told: boolean } };

/** The mesh that this process has joined. In worker threads undefined: they are not in the mesh. */
export const mesh: Mesh | undefined = isMainThread ? await once() : undefined;

function once(): Promise<Mesh> {
  const present = place[INSTALLED];
  if (present === undefined) {
    const mesh = install();
    place[INSTALLED] = { mesh, told: false };
    return mesh;
  }
  if (!present.told) log('heddle/auto is at work already; another copy of it leaves it at that');
  present.told = true;
  return present.mesh;
}

/** The application starts when this is done; without a mesh it does not. */
async function install(): Promise<Mesh> {
  // Nothing else may keep the process waiting while the mesh has no answer yet.
  const wait = systemClock.after(Number.POSITIVE_INFINITY, () => {}, 'holds');
  try {
    const settings = readAutoSettings(process.env);
    const joined = await join();
    const excluded = excludes(settings.exclude);
    if (settings.out) {
      patchFetch(joined, excluded);
      patchAgents(joined, excluded);
    }
    const known = new Set<number>();
    if (settings.in) patchServers(joined, { settings, known, log });
    await patchGrpc({ mesh: joined, settings, excluded, known, log });
    followProcess(joined);
    return joined;
  } catch (error) {
    log(
      `heddle/auto: the application was not started, because its process could not join the mesh: ${reason(error)}`,
    );
    process.exit(1);
  } finally {
    wait.cancel();
  }
}

/** In one line. */
function reason(error: unknown): string {
  const text = isMeshError(error) ? error.message : error instanceof Error ? error.stack : error;
  return String(text).replaceAll(/\s*\n\s*/g, ' ');
}

function log(line: string): void {
  process.stderr.write(`heddle: ${line}\n`);
}
