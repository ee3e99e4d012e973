/** Whom the CUSTOM policies of a workload can ask: of the mesh's providers those that they name. */
import {
  DEFAULT_CHECK_TIMEOUT_MS,
  type EffectiveCheckProvider,
  effectiveCheckProvider,
} from '../../security/authorize/provider.js';
import type { EffectiveInbound } from '../effective.js';
import { durationMs } from '../kinds/duration.js';
import type { MeshConfigSpec } from '../kinds/mesh-config.js';

/** @param configs of the root namespace, the oldest first; null: of the wrong shape, which makes no provider known */
export function checkProviders(
  configs: readonly (MeshConfigSpec | null)[],
  authorization: EffectiveInbound['authorization'],
): Record<string, EffectiveCheckProvider> {
  const named = new Set(
    authorization.flatMap(({ action, provider }) => (action === 'CUSTOM' ? [provider] : [])),
  );
  const found: Record<string, EffectiveCheckProvider> = {};
  if (named.size === 0) return found;
  const seen = new Set<string>();
  for (const { name, envoyExtAuthzHttp } of configs.flatMap((spec) => spec?.extensionProviders ?? [])) {
    // Two of one name: who is meant? Then what CUSTOM matches is refused.
    if (seen.has(name)) delete found[name];
    else if (named.has(name) && envoyExtAuthzHttp !== undefined)
      found[name] = effectiveCheckProvider(
        name,
        envoyExtAuthzHttp,
        durationMs(envoyExtAuthzHttp.timeout, DEFAULT_CHECK_TIMEOUT_MS),
      );
    seen.add(name);
  }
  return found;
}
