/**
 * Where a server of grpc-js takes its streams. It has no public way to hand it one: what is used here beside its public methods is one
 * private field, and it is looked at before anything is built on it.
 */

import type { Http2Server } from 'node:http2';
import { createRequire } from 'node:module';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { MeshError } from 'heddle';

export interface GrpcStreams {
  /** Never listens: its `stream` listeners serve calls, its `session` listeners keep the books on connections. */
  readonly http2: Http2Server;
  /** The server forgets it, and closes what is left of its connections. */
  release(): void;
}

/** @throws MeshError `HEDDLE_INVALID_ARGUMENT` if it is not a server of a grpc-js that this works with */
export function streamsOf(server: Server): GrpcStreams {
  const known = new Set(serversOf(server));
  // A server of HTTP/2 that waits for connections, instead of one that listens.
  const injector = attempt(() => server.createConnectionInjector(ServerCredentials.createInsecure()));
  const [http2, ...more] = serversOf(server).filter((one) => !known.has(one));
  if (http2 === undefined || more.length > 0) throw unknown('it keeps its HTTP/2 servers elsewhere');
  if (http2.listenerCount('stream') !== 1 || http2.listenerCount('session') !== 1)
    throw unknown('its HTTP/2 servers do not take streams and sessions by events');
  return { http2, release: () => injector.destroy() };
}

function serversOf(server: Server): Http2Server[] {
  const servers = (server as unknown as { readonly http2Servers?: unknown }).http2Servers;
  if (!(servers instanceof Map)) throw unknown('there is no map `http2Servers` in it');
  return [...servers.keys()] as Http2Server[];
}

function attempt<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw unknown(`\`createConnectionInjector\` failed: ${String(cause)}`, cause);
  }
}

function unknown(because: string, cause?: unknown): MeshError {
  return new MeshError(
    `listen: expected a Server of @grpc/grpc-js ~1.14.7, which is what this works with; @grpc/grpc-js is ${versionOf()} here, and ${because}. Is there a second copy of it (npm ls @grpc/grpc-js)?`,
    { code: 'HEDDLE_INVALID_ARGUMENT', cause },
  );
}

function versionOf(): string {
  const { version } = createRequire(import.meta.url)('@grpc/grpc-js/package.json') as { version: string };
  return version;
}
