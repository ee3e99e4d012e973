/** What documents of Kubernetes among the files tell: which namespaces, workloads and secrets there are. Nothing of them is checked. */
import type { ParsedResource } from '../parse.js';
import type { Labels } from './selectors.js';
import type { KnownWorkload } from './world.js';

/** A controller of pods: a Deployment, or one of its kin. */
export interface PodTemplate {
  readonly parsed: ParsedResource;
  readonly namespace: string;
  readonly name: string;
  /** Of its pods. */
  readonly labels: Labels;
  /** Its pods are kept out of Istio's mesh, by label or annotation. */
  readonly outOfMesh: boolean;
}

/** By kind, where the metadata of the pods stand. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec', 'template', 'metadata'],
  StatefulSet: ['spec', 'template', 'metadata'],
  DaemonSet: ['spec', 'template', 'metadata'],
  ReplicaSet: ['spec', 'template', 'metadata'],
  Job: ['spec', 'template', 'metadata'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'metadata'],
};

const INJECT = 'sidecar.istio.io/inject';

export class KubernetesDocuments {
  readonly templates: readonly PodTemplate[];
  /** Pods, and those of the templates; null: the files say nothing about it. */
  readonly workloads: readonly KnownWorkload[] | null;
  readonly namespaces: ReadonlyMap<string, ParsedResource>;
  readonly #documents = new Map<string, ParsedResource>();
  readonly hasSecrets: boolean;

  constructor(documents: readonly ParsedResource[]) {
    const templates: PodTemplate[] = [];
    const workloads: KnownWorkload[] = [];
    const namespaces = new Map<string, ParsedResource>();
    for (const parsed of documents) {
      const { kind, metadata, spec } = parsed.resource;
      const { namespace, name } = metadata;
      if (kind === 'Pod') workloads.push({ namespace, name, labels: metadata.labels ?? {} });
      else if (kind === 'Namespace') namespaces.set(name, parsed);
      else if (Object.hasOwn(TEMPLATES, kind)) {
        const pod = fieldAt(spec, TEMPLATES[kind]!);
        const labels = textsIn(fieldAt(pod, ['labels']));
        const inject = labels[INJECT] ?? textsIn(fieldAt(pod, ['annotations']))[INJECT];
        templates.push({ parsed, namespace, name, labels, outOfMesh: inject === 'false' });
        workloads.push({ namespace, name, labels });
      }
      this.#documents.set(`${kind} ${namespace}/${name}`, parsed);
    }
    this.templates = templates;
    this.workloads = workloads.length === 0 ? null : workloads;
    this.namespaces = namespaces;
    this.hasSecrets = documents.some(({ resource }) => resource.kind === 'Secret');
  }

  /** @param id `ns/name` */
  find(kind: string, id: string): ParsedResource | undefined {
    return this.#documents.get(`${kind} ${id}`);
  }
}

/** Undefined where something on the way is not there. */
export function fieldAt(value: unknown, path: readonly (string | number)[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[part];
  }
  return at;
}

/** Those entries of a mapping that are text. */
export function textsIn(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}
