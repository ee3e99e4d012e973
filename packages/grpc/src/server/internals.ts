/**
 * What a server of grpc-js has no public way to tell: where it takes its streams, and which services it has. Beside its public methods
 * two private fields are read here, and nowhere else, and they are looked at before anything is built on them.
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
  const before = new Set(mapOf(server, 'http2Servers').keys());
  // A server of HTTP/2 that waits for connections, instead of one that listens.
  const injector = attempt(() => server.createConnectionInjector(ServerCredentials.createInsecure()));
  const [made, ...more] = [...mapOf(server, 'http2Servers').keys()].filter((one) => !before.has(one));
  if (made === undefined || more.length > 0) throw unknown('it keeps its HTTP/2 servers elsewhere');
  const http2 = made as Http2Server;
  if (http2.listenerCount('stream') !== 1 || http2.listenerCount('session') !== 1)
    throw unknown('its HTTP/2 servers do not take streams and sessions by events');
  return { http2, release: () => injector.destroy() };
}

/** Names of the services that were added, each once. @throws MeshError as {@link streamsOf} */
export function servicesOf(server: Server): readonly string[] {
  const paths = [...mapOf(server, 'handlers').keys()].map(String);
  return [...new Set(paths.map((path) => path.slice(1, path.lastIndexOf('/'))))];
}

function mapOf(server: Server, field: 'http2Servers' | 'handlers'): ReadonlyMap<unknown, unknown> {
  const map = (server as unknown as Readonly<Record<string, unknown>> | null)?.[field];
  if (!(map instanceof Map)) throw unknown(`there is no map \`${field}\` in it`);
  return map;
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
    `listen: expected a Server of @grpc/grpc-js ~1.14.7, which is what this works with; here it is @grpc/grpc-js ${versionOf()}, and ${because}. Look for a second copy of it with \`npm ls @grpc/grpc-js\``,
    { code: 'HEDDLE_INVALID_ARGUMENT', cause },
  );
}

function versionOf(): string {
  const { version } = createRequire(import.meta.url)('@grpc/grpc-js/package.json') as { version: string };
  return version;
}
