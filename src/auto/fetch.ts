/** The built-in `fetch`, and the dispatcher that it and other copies of undici use, made the mesh's. */
import type { MeshFetch } from '../adapters/fetch/index.js';
import { replaceGlobalDispatcher } from '../adapters/undici/global.js';
import { parseUrl } from '../base/url.js';
import type { Mesh } from '../mesh.js';
import { type Excludes, portOf } from './exclude.js';

export function patchFetch(mesh: Mesh, excluded: Excludes): void {
  replaceGlobalDispatcher(mesh.dispatcher, (origin) => excluded(origin.hostname, portOf(origin)));
  const original = globalThis.fetch;
  const over = mesh.fetch;
  // As the built-in one is declared: clients look at `length` and `name`.
  const fetch = function fetch(
    input: string | URL | Request,
    init: RequestInit | undefined = undefined,
  ): Promise<Response> {
    const url = urlOf(input);
    const ours = url !== null && init?.dispatcher === undefined && !excluded(url.hostname, portOf(url));
    if (!ours) return original(input, init);
    return over(input instanceof Request ? input : url, init as Parameters<MeshFetch>[1]);
  };
  const declared = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
  Object.defineProperty(globalThis, 'fetch', {
    configurable: true,
    enumerable: declared?.enumerable ?? true,
    writable: true,
    value: fetch,
  });
}

/** null: nothing that the mesh carries (`data:`, `blob:`), or no URL at all, of which the original says so best. */
function urlOf(input: string | URL | Request): URL | null {
  const url = parseUrl(input instanceof Request ? input.url : String(input));
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : null;
}
