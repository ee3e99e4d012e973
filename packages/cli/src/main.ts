#!/usr/bin/env node
/** `heddle`: this process's streams, signals and exit code around `run`. */
import { run } from './run.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Only `heddle control` has something to finish; and whoever asks twice means it.
  process.on(signal, () => {
    if (stop.signal.aborted || process.argv[2] !== 'control') process.exit(signal === 'SIGINT' ? 130 : 143);
    stop.abort();
  });
}
// `heddle get | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
const { stdin, stdout, stderr, env } = process;
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, env, signal: stop.signal });
// A terminal's stdin that was looked at must not keep the process.
stdin.unref?.();
