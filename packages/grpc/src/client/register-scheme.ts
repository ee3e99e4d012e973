/** Targets that begin with `heddle:`, of clients that know nothing of the mesh. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ChannelCredentials, ChannelInterface, ChannelOptions } from '@grpc/grpc-js';
import { type Mesh, MeshError } from 'heddle';
import { MeshChannel } from './mesh-channel.js';

const CHANNEL = '@grpc/grpc-js/build/src/channel';
const SCHEME = 'heddle:';

type ChannelClass = new (
  target: string,
  credentials: ChannelCredentials,
  options: ChannelOptions,
) => ChannelInterface;

/** grpc-js's module, of which its clients take the class whenever they make a channel. */
interface ChannelModule {
  ChannelImplementation: ChannelClass;
}

/**
 * From now on grpc-js's own clients in this process take targets such as `heddle:///reviews:9080` through `mesh`; all others go as
 * before. Of several meshes the last one that was registered has them.
 * @returns takes it back
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the application's grpc-js is none that this works with
 */
export function registerScheme(mesh: Mesh): () => void {
  const undo = modules().map((module) => patch(module, mesh));
  return () => {
    for (const one of undo) one();
  };
}

/** That of the application, and ours if it is another copy. */
function modules(): readonly ChannelModule[] {
  const places = [process.argv[1], join(process.cwd(), 'index.js'), import.meta.url];
  const found = new Set<unknown>();
  for (const place of places) if (place !== undefined) found.add(channelModuleOf(place));
  found.delete(null);
  const usable = [...found].filter(isChannelModule);
  if (usable.length > 0 && usable.length === found.size) return usable;
  throw new MeshError(
    `${CHANNEL} is not what this package knows (grpc-js ~1.14.7): give clients the options of clientOptions(mesh) instead`,
    { code: 'HEDDLE_INVALID_ARGUMENT' },
  );
}

/** null: nothing is found from there. */
function channelModuleOf(place: string): unknown {
  try {
    return createRequire(place)(CHANNEL);
  } catch {
    return null;
  }
}

function isChannelModule(module: unknown): module is ChannelModule {
  const property = Object.getOwnPropertyDescriptor(module, 'ChannelImplementation');
  return typeof property?.value === 'function' && property.writable === true;
}

function patch(module: ChannelModule, mesh: Mesh): () => void {
  const before = module.ChannelImplementation;
  let undone = false;
  function ChannelImplementation(target: string, credentials: ChannelCredentials, options: ChannelOptions) {
    if (!undone && typeof target === 'string' && target.startsWith(SCHEME))
      return new MeshChannel(mesh, target, { ...options, credentials });
    return new before(target, credentials, options);
  }
  ChannelImplementation.prototype = before.prototype;
  const ours = ChannelImplementation as unknown as ChannelClass;
  module.ChannelImplementation = ours;
  return () => {
    undone = true;
    if (module.ChannelImplementation === ours) module.ChannelImplementation = before;
  };
}
