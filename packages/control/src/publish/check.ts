/** Documents checked with `heddle/policy`: this service has no opinion of its own on what is right. */
import {
  analyze,
  type Message,
  type PolicyFile,
  parseResources,
  type RegisteredService,
  type Resource,
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
    if (seen.has(key)) messages.push({ ...about(item.resource), ...item.origin([]), message: TWICE });
    seen.add(key);
  }
  if (messages.some(({ level }) => level === 'error')) return { ok: false, messages };
  return { ok: true, resources: parsed.resources.map(({ resource }) => resource) };
}

const TWICE = 'this resource occurs twice in what is applied; leave one of them out';

function about({ kind, metadata }: Resource) {
  const { namespace, name } = metadata;
  return { code: 'HDL0002', level: 'error', kind, namespace, name, path: '' } as const;
}

export interface Surroundings {
  /** As stored. */
  readonly resources: readonly Resource[];
  /** That workloads have registered. */
  readonly services: readonly RegisteredService[];
}

/** What analysis finds in `files`, seen together with all that is there already. */
export function analyzeChange(
  files: readonly PolicyFile[],
  changed: readonly Resource[],
  { resources, services }: Surroundings,
): readonly Message[] {
  const keyOf = ({ kind, metadata }: Resource) => resourceKey(kind, metadata.namespace, metadata.name);
  const replaced = new Set(changed.map(keyOf));
  const others = resources.filter((resource) => !replaced.has(keyOf(resource)));
  // A NUL cannot be in a real file's name, so what is found elsewhere is told apart.
  const around = [...others, ...services.map(asService)].map((resource, index) => {
    return { file: `\0${index}`, text: JSON.stringify(resource) };
  });
  return analyze([...files, ...around]).messages.filter(({ file }) => !file.startsWith('\0'));
}

/** A registered service in the words of policy, so that a route to it is not a route to nowhere. */
function asService({ host, namespace, ports }: RegisteredService): Resource {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: host.split('.')[0]!, namespace },
    spec: { ports: ports.map(({ name, number }) => ({ name, port: number })) },
  };
}
