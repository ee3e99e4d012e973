/**
 * What the workload holds of what the config service distributes, and the policy that it adds up to. Pure.
 * An update is taken whole or not at all: policy is built only when the service says that nothing is missing.
 */
import type {
  EffectiveEndpoints,
  EffectiveHost,
  EffectiveInbound,
  EffectiveMesh,
  EffectivePolicy,
  EffectiveTelemetry,
} from '../../policy/effective.js';
import type { ControlMessage } from '../../ports/control-protocol.js';
import type { TrustBundle } from '../../ports/identity.js';
import { checkShape } from './shapes.js';

export interface HeldResource {
  readonly version: string;
  readonly value: unknown;
  /** What is wrong with its shape; empty if nothing is. Checked once, when it arrives. */
  readonly faults: readonly string[];
}

/** By name: `mesh`, `host/reviews.default.svc.cluster.local`, … */
export type HeldResources = ReadonlyMap<string, HeldResource>;

export type Update = Extract<ControlMessage, { type: 'update' }>;

/** `held` with the update's changes. Resources that did not change keep their objects, so that what was compiled from them can be kept too. */
export function mergeUpdate(held: HeldResources, update: Pick<Update, 'upsert' | 'remove'>): HeldResources {
  const merged = new Map(held);
  for (const name of update.remove) merged.delete(name);
  for (const { name, version, value } of update.upsert) {
    merged.set(name, { version, value, faults: checkShape(name, value) });
  }
  return merged;
}

/** What to say in `hello.have`. */
export function versionsOf(held: HeldResources): Record<string, string> {
  const versions: Record<string, string> = Object.create(null);
  for (const [name, { version }] of held) versions[name] = version;
  return versions;
}

export type Assembled =
  | { readonly ok: true; readonly policy: EffectivePolicy; readonly bundle: TrustBundle | null }
  | { readonly ok: false; readonly because: readonly string[] };

/** The policy that `held` adds up to, hosts in the order of their names; or all that is wrong with it. */
export function assemble(held: HeldResources, revision: number): Assembled {
  const because: string[] = [];
  const hosts: EffectiveHost[] = [];
  const endpoints: EffectiveEndpoints[] = [];
  for (const name of [...held.keys()].sort()) {
    const resource = held.get(name)!;
    because.push(...resource.faults);
    if (name.startsWith('host/')) hosts.push(resource.value as EffectiveHost);
    else if (name.startsWith('endpoints/')) endpoints.push(resource.value as EffectiveEndpoints);
  }
  const mesh = held.get('mesh')?.value as EffectiveMesh | undefined;
  const inbound = held.get('inbound')?.value as EffectiveInbound | undefined;
  if (mesh === undefined) because.push('mesh: the update is said to be complete, but this is missing');
  if (inbound === undefined) because.push('inbound: the update is said to be complete, but this is missing');
  if (because.length > 0 || mesh === undefined || inbound === undefined) return { ok: false, because };
  const bundle = (held.get('bundle')?.value as TrustBundle | undefined) ?? null;
  const telemetry = held.get('telemetry')?.value as EffectiveTelemetry | undefined;
  return {
    ok: true,
    policy: { revision, mesh, hosts, endpoints, inbound, ...(telemetry !== undefined && { telemetry }) },
    bundle,
  };
}
