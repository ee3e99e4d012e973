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
  const { ReflectionService } = await import('@grpc/reflection');
  try {
    new ReflectionService(Object.assign({}, ...[packages].flat())).addToServer(server);
  } catch (cause) {
    throw new MeshError(
      `listen: expected as \`reflection\` what \`loadSync\` of @grpc/proto-loader makes, and a server without a reflection service: ${String(cause)}`,
      { code: 'HEDDLE_INVALID_ARGUMENT', cause },
    );
  }
  known.add(server);
}
