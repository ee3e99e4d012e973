/** The reflection service: what a server can do, told to tools such as grpcurl. */
import type { Server } from '@grpc/grpc-js';
import type { ReflectionService } from '@grpc/reflection';
import { MeshError } from 'heddle';

/** What `load` and `loadSync` of `@grpc/proto-loader` make of .proto files: generated code has the services, but not their descriptors. */
export type ReflectedPackage = ConstructorParameters<typeof ReflectionService>[0];

/** A server may be on more than one port. */
const known = new WeakSet<Server>();

/** @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the packages have no descriptors, or the server reflects already */
export async function addReflection(
  server: Server,
  packages: ReflectedPackage | readonly ReflectedPackage[],
): Promise<void> {
  if (known.has(server)) return;
  const all: ReflectedPackage = Object.assign({}, ...[packages].flat());
  if (!Object.values(all).some(isDescribed))
    throw invalid(
      'expected as `reflection` what `loadSync` of @grpc/proto-loader makes, with descriptors in it; generated code has none',
    );
  const { ReflectionService } = await import('@grpc/reflection');
  try {
    new ReflectionService(all).addToServer(server);
  } catch (cause) {
    throw invalid(`the server cannot reflect, or does so already: ${String(cause)}`, cause);
  }
  known.add(server);
}

function isDescribed(entry: ReflectedPackage[string]): boolean {
  const { fileDescriptorProtos } = entry as { readonly fileDescriptorProtos?: unknown };
  return Array.isArray(fileDescriptorProtos) && fileDescriptorProtos.length > 0;
}

function invalid(because: string, cause?: unknown): MeshError {
  return new MeshError(`listen: ${because}`, { code: 'HEDDLE_INVALID_ARGUMENT', cause });
}
