/** Channels of grpc-js: those to places of the mesh are the mesh's, in whatever client they end up. */
import type { GrpcParts } from './grpc.js';
import { grpcPlace } from './grpc-place.js';
import { onFile } from './modules.js';

type Channel = new (target: unknown, credentials: unknown, options?: object) => object;
/** Public in all but its types. */
interface Credentials {
  _isSecure?(): boolean;
}

export function patchGrpcChannels(parts: GrpcParts): void {
  onFile('/@grpc/grpc-js/build/src/channel.js', (exports) => {
    const place = exports as { ChannelImplementation: Channel };
    // Clients, and whoever makes channels by hand, look it up here each time.
    place.ChannelImplementation = new Proxy(place.ChannelImplementation, {
      construct(original, given, newTarget) {
        // A class of the application's own that is made of it means what it does.
        const ours = newTarget === place.ChannelImplementation ? carried(parts, given) : null;
        return ours ?? Reflect.construct(original, given, newTarget);
      },
    });
  });
}

/** null: it stays as it is. */
function carried({ mesh, excluded, carrier }: GrpcParts, [target, credentials, options]: unknown[]) {
  const place = typeof target === 'string' ? grpcPlace(target) : null;
  if (place === null) return null;
  const secure = (credentials as Credentials | undefined)?._isSecure?.() ?? false;
  if (excluded(place.host, place.port ?? (secure ? 443 : 80))) return null;
  // Whoever says itself whom it trusts goes on with that; but nobody gets past policy by it.
  if (secure && !mesh.refuses(place.host.toLowerCase())) return null;
  const given = { ...(options as object | undefined), credentials };
  return carrier()?.channel(mesh, target as string, given) ?? null;
}
