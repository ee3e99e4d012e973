import type { TestContext } from 'node:test';
import { run } from './index.js';

/** `heddle control` in this process, until `stop`. */
export function startCommand(
  context: TestContext,
  argv: readonly string[],
  env: Record<string, string> = {},
) {
  const stopping = new AbortController();
  const said = { stdout: '', stderr: '' };
  const { promise: ready, resolve } = withResolvers();
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      said[name] += text;
      if (/Ctrl-C|control\.ready/.test(said.stdout)) resolve();
    },
  });
  const stdin = (async function* () {})();
  const ended = run(['control', '--port', '0', ...argv], {
    stdin,
    stdout: output('stdout'),
    stderr: output('stderr'),
    env,
    signal: stopping.signal,
  });
  const stop = () => {
    stopping.abort();
    return ended;
  };
  context.after(stop);
  return { said, ready: Promise.race([ready, ended]), stop };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
