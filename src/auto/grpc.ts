/** Clients and servers of `@grpc/grpc-js`, carried by `@heddle/grpc` where that is installed beside the application. */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Listening } from '../adapters/node-http/index.js';
import type { Mesh, MeshListenOptions } from '../mesh.js';
import type { AutoSettings } from '../settings/auto.js';
import type { Excludes } from './exclude.js';
import { patchGrpcChannels } from './grpc-channels.js';
import { patchGrpcServers } from './grpc-servers.js';

/** What is used of `@heddle/grpc`, which the core does not depend on. */
export interface GrpcPackage {
  channel(mesh: Mesh, target: string, options?: object): object;
  listen(mesh: Mesh, server: object, port: number, options?: MeshListenOptions): Promise<Listening>;
}

export interface GrpcParts {
  readonly mesh: Mesh;
  readonly settings: AutoSettings;
  readonly excluded: Excludes;
  /** Numbers that callers know. */
  readonly known: Set<number>;
  readonly log: (line: string) => void;
  /** undefined: it is not there, of which the first to ask tells the log. */
  readonly carrier: () => GrpcPackage | undefined;
}

const NAME = '@heddle/grpc';

export async function patchGrpc(parts: Omit<GrpcParts, 'carrier'>): Promise<void> {
  const { settings, log } = parts;
  const found = await load(log);
  let told = false;
  const carrier = () => {
    if (found === undefined && !told) {
      told = true;
      log(
        `heddle/auto: gRPC of this process stays outside of the mesh, because ${NAME} is not there: npm install ${NAME}`,
      );
    }
    return found;
  };
  if (settings.out) patchGrpcChannels({ ...parts, carrier });
  if (settings.in) patchGrpcServers({ ...parts, carrier });
}

/** Now, since later there is no time to wait for it. */
async function load(log: (line: string) => void): Promise<GrpcPackage | undefined> {
  const path = whereItIs();
  if (path === undefined) return undefined;
  try {
    return (await import(pathToFileURL(path).href)) as GrpcPackage;
  } catch (error) {
    log(`heddle/auto: ${NAME} could not be loaded: ${String(error).replaceAll(/\s*\n\s*/g, ' ')}`);
    return undefined;
  }
}

/** As the application would find it, or as this package would. */
function whereItIs(): string | undefined {
  for (const from of [mainFile(), fileURLToPath(import.meta.url)]) {
    try {
      return createRequire(from).resolve(NAME);
    } catch {
      // Not from there.
    }
  }
  return undefined;
}

/** Of the application, behind the links that programs are started by; where there is none, it is where it was started. */
function mainFile(): string {
  const [, main = join(process.cwd(), '_')] = process.argv;
  try {
    return realpathSync(main);
  } catch {
    return main;
  }
}
