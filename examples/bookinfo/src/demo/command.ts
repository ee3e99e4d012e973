/** The `heddle` command, run as a user would, and waiting for what it brings about. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CLI } from './processes.js';

const run = promisify(execFile);

/** @returns what it printed @throws with what it said, if it failed */
export async function heddle(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await run(process.execPath, [CLI, ...args], {
    env: { ...process.env, ...environment, NO_COLOR: '1' },
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

/** Asks again and again until `done` says so; a failure meanwhile is told only if time runs out. */
export async function waitFor(what: string, timeoutMs: number, done: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < until) {
    try {
      if (await done()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`waited ${timeoutMs} ms for ${what} in vain`, { cause: last });
}
