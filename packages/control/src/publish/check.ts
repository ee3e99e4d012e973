/** Documents checked with `heddle/policy`: this service has no opinion of its own on what is right. */
import {
  analyze,
  type Message,
  type PolicyFile,
  parseResources,
  type Resource,
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

/**
 * What analysis finds in `files`, seen together with all that is there already.
 * @param stored all resources, also those that `changed` replaces
 */
export function analyzeChange(
  files: readonly PolicyFile[],
  changed: readonly Resource[],
  { stored, ...around }: Surroundings & { readonly stored: readonly Resource[] },
): readonly Message[] {
  const keyOf = ({ kind, metadata }: Resource) => resourceKey(kind, metadata.namespace, metadata.name);
  const replaced = new Set(changed.map(keyOf));
  const others = stored.filter((resource) => !replaced.has(keyOf(resource)));
  // A NUL cannot be in a real file's name, so what is found elsewhere is told apart.
  const known = others.map((resource, index) => ({ file: `\0${index}`, text: JSON.stringify(resource) }));
  return analyze([...files, ...known], around).messages.filter(({ file }) => !file.startsWith('\0'));
}
