/**
 * One process a data directory: two would not see each other's writes. The lock is a socket, which the system closes however the
 * process ends; a file with a process ID would have to be believed after a crash.
 */
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { MeshError } from 'heddle/ports';

/** Longest path of a socket on the systems that we know. */
const MAX_PATH_BYTES = 103;

/**
 * @returns lets go; undefined: the path is too long for a socket, and nothing was locked
 * @throws MeshError `HEDDLE_INVALID_SETTING` if another process has the directory
 */
export async function lockDirectory(directory: string): Promise<(() => Promise<void>) | undefined> {
  const path = join(directory, 'lock.sock');
  if (process.platform === 'win32' || Buffer.byteLength(path) > MAX_PATH_BYTES) return undefined;
  let server = await listen(path);
  if (server === undefined) {
    if (await answers(path)) {
      throw new MeshError(`dataDir (${directory}) is in use by another config service; stop that one first`, {
        code: 'HEDDLE_INVALID_SETTING',
      });
    }
    // Left behind by a process that was killed.
    rmSync(path, { force: true });
    server = await listen(path);
  }
  const held = server;
  return async () => {
    await new Promise((resolve) => (held === undefined ? resolve(null) : held.close(resolve)));
  };
}

/** undefined: the path is taken. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => resolve(server));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
