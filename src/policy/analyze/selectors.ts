/** Selectors of policies against the labels of workloads. */
import { ROOT_NAMESPACE } from '../resolve/names.js';
import type { KnownWorkload } from './world.js';

export type Labels = Readonly<Record<string, string>>;

/** A policy that may have a selector. */
export interface Attached {
  readonly selector?: { readonly matchLabels?: Labels | undefined } | undefined;
}

/** Does it have all of them? No labels select everything. */
export function selects(labels: Labels | undefined, own: Labels): boolean {
  return Object.entries(labels ?? {}).every(([key, value]) => Object.hasOwn(own, key) && own[key] === value);
}

/** Workloads that a policy of a namespace can be about: its own; of the whole mesh in the root namespace. */
export function within(namespace: string, workloads: readonly KnownWorkload[]): readonly KnownWorkload[] {
  return namespace === ROOT_NAMESPACE ? workloads : workloads.filter((one) => one.namespace === namespace);
}

/** `app=a,version=v1`, in the order of their names. */
export function labelsOf(labels: Labels | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([key, value]) => `${key}=${value}`).join(',');
}
