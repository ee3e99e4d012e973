/**
 * Documents to policy, in one step: parse, validate, resolve. The same functions as the config service and the CLI run. Pure but for
 * what it remembers: a document that did not change is not read again, and what it says stays the same object.
 */
import type { EffectiveMesh, EffectivePolicy } from '../policy/effective.js';
import { parseResources } from '../policy/parse.js';
import { Prepared, ScopedPolicy } from '../policy/resolve/index.js';
import type { Message, Origin, PolicyFile, Resource, Scope } from '../policy/resource.js';
import { plainMessage } from '../policy/source.js';
import { validateResource } from '../policy/validate.js';

export interface PipelineOptions {
  readonly scope: Scope;
  readonly mesh: EffectiveMesh;
}

export interface CompiledDocuments {
  /** null: there are errors among the messages. */
  readonly policy: EffectivePolicy | null;
  /** Errors first, then in the order of files and lines. Infos are left out. */
  readonly messages: readonly Message[];
}

interface ReadFile {
  readonly text: string;
  readonly resources: readonly PlacedResource[];
  readonly messages: readonly Message[];
}

interface PlacedResource {
  readonly resource: Resource;
  /** Of its name. */
  readonly origin: Origin;
}

export class DocumentPipeline {
  readonly #prepared = new Prepared();
  readonly #scoped: ScopedPolicy;
  #files: ReadonlyMap<string, ReadFile> = new Map();
  #inForce: ReadonlySet<Resource> = new Set();

  constructor({ scope, mesh }: PipelineOptions) {
    this.#scoped = new ScopedPolicy(this.#prepared, scope, mesh);
  }

  /**
   * What `files` say to the workload of the scope. Nobody registers with files, so endpoints are those of ServiceEntries and
   * WorkloadEntries. One error anywhere refuses all, and what was said before still holds for the next time.
   */
  compile(files: readonly PolicyFile[], revision: number): CompiledDocuments {
    const read = files.map((file) => this.#read(file));
    this.#files = new Map(files.map(({ file }, index) => [file, read[index]!]));
    const placed = read.flatMap(({ resources }) => resources);
    const all = [...read.flatMap(({ messages }) => messages), ...twice(placed)];
    const errors = all.filter(({ level }) => level === 'error');
    const warnings = all.filter(({ level }) => level === 'warning');
    if (errors.length > 0) return { policy: null, messages: [...errors, ...warnings] };
    try {
      this.#change(new Set(placed.map(({ resource }) => resource)));
      return { policy: this.#scoped.policy(revision), messages: warnings };
    } catch (error) {
      const text = `these documents could not be resolved: ${error instanceof Error ? error.message : String(error)}`;
      return { policy: null, messages: [plainMessage(text, files[0]?.file), ...warnings] };
    }
  }

  #read({ file, text }: PolicyFile): ReadFile {
    const known = this.#files.get(file);
    if (known?.text === text) return known;
    const parsed = parseResources([{ file, text }]);
    return {
      text,
      // No more is kept of where things were written: it would hold the whole document.
      resources: parsed.resources.map((one) => ({
        resource: one.resource,
        origin: one.origin(['metadata', 'name']),
      })),
      messages: [...parsed.messages, ...parsed.resources.flatMap(validateResource)],
    };
  }

  #change(resources: ReadonlySet<Resource>): void {
    const before = this.#inForce;
    this.#inForce = resources;
    this.#prepared.change({
      remove: [...before].filter((resource) => !resources.has(resource)),
      upsert: [...resources].filter((resource) => !before.has(resource)),
    });
  }
}

/** Which of two would be in force would depend on the names of files. */
function twice(resources: readonly PlacedResource[]): Message[] {
  const messages: Message[] = [];
  const seen = new Map<string, PlacedResource>();
  for (const placed of resources) {
    const { apiVersion, kind, metadata } = placed.resource;
    const { namespace, name } = metadata;
    const key = [apiVersion.split('/')[0], kind, namespace, name].join('\n');
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, placed);
      continue;
    }
    const { file, line, column } = first.origin;
    messages.push({
      ...plainMessage(
        `${kind} ${namespace}/${name} is already in ${file}:${line}:${column}; leave one of them out`,
      ),
      ...placed.origin,
      kind,
      namespace,
      name,
      path: 'metadata.name',
    });
  }
  return messages;
}
