/** Documents checked with `heddle/policy`: this service has no opinion of its own on what is right. */
import {
  analyzeChange,
  type Message,
  type PolicyFile,
  parseResources,
  type Resource,
  SpecCache,
  type Surroundings,
  validateResource,
} from 'heddle/policy';
import { resourceKey } from '../keys.js';

export type Checked =
  | { readonly ok: true; readonly resources: readonly Resource[] }
  | { readonly ok: false; readonly messages: readonly Message[] };

/** Parses and validates. Not ok if there is a single error; a resource that occurs twice is one. */
export function checkDocuments(files: readonly PolicyFile[]): Checked {
  const parsed = parseResources(files);
  const messages = [...parsed.messages];
  const seen = new Set<string>();
  for (const item of parsed.resources) {
    messages.push(...validateResource(item));
    const { kind, metadata } = item.resource;
    const key = resourceKey(kind, metadata.namespace, metadata.name);
    if (seen.has(key)) messages.push({ ...about(item.resource), ...item.origin(['metadata', 'name']) });
    seen.add(key);
  }
  if (messages.some(({ level }) => level === 'error')) return { ok: false, messages };
  return { ok: true, resources: parsed.resources.map(({ resource }) => resource) };
}

function about({ kind, metadata }: Resource) {
  const { namespace, name } = metadata;
  const message = 'this resource occurs twice in what is applied; leave one of them out';
  return { code: 'HDL0004', level: 'error', kind, namespace, name, path: 'metadata.name', message } as const;
}

/** What is there beside a change. */
export interface ChangeSurroundings extends Surroundings {
  /** All resources, also those that the change replaces. */
  readonly stored: readonly Resource[];
}

/**
 * Analysis of changes to one mesh. What is stored was checked when it came in and is not looked at again: one object is kept for each
 * version of a resource, and with it the proof of its shape.
 */
export class ChangeAnalyzer {
  readonly #cache = new SpecCache();
  #known: ReadonlyMap<string, Resource> = new Map();

  /** What analysis finds in `files`, seen together with all that is there already. */
  analyze(
    files: readonly PolicyFile[],
    changed: readonly Resource[],
    { stored, ...around }: ChangeSurroundings,
  ): readonly Message[] {
    const replaced = new Set(changed.map(keyOf));
    const others: Resource[] = [];
    for (const [key, resource] of this.#remember(stored)) if (!replaced.has(key)) others.push(resource);
    return analyzeChange(files, { ...around, stored: others, cache: this.#cache }).messages;
  }

  /** A store reads its resources anew each time; of the same version the object that is known takes its place. */
  #remember(stored: readonly Resource[]): ReadonlyMap<string, Resource> {
    const present = new Map<string, Resource>();
    for (const resource of stored) {
      const key = keyOf(resource);
      const known = this.#known.get(key);
      const version = resource.metadata.resourceVersion;
      const same = version !== undefined && known?.metadata.resourceVersion === version;
      present.set(key, same ? known : resource);
    }
    this.#known = present;
    return present;
  }
}

function keyOf({ kind, metadata }: Resource): string {
  return resourceKey(kind, metadata.namespace, metadata.name);
}
