/** Documents to policy, in one step: parse, validate, resolve. The same functions as the config service and the CLI run. Pure. */
import type { EffectiveMesh, EffectivePolicy } from '../policy/effective.js';
import { type ParsedResource, parseResources } from '../policy/parse.js';
import { resolve } from '../policy/resolve/index.js';
import type { Message, PolicyFile, Scope } from '../policy/resource.js';
import { plainMessage } from '../policy/source.js';
import { validateResource } from '../policy/validate.js';

export interface PipelineOptions {
  readonly scope: Scope;
  readonly mesh: EffectiveMesh;
  readonly revision: number;
}

export interface CompiledDocuments {
  /** null: there are errors among the messages. */
  readonly policy: EffectivePolicy | null;
  /** Errors first, then in the order of files and lines. Infos are left out. */
  readonly messages: readonly Message[];
}

/**
 * What `files` say to the workload of `scope`. Nobody registers with files, so endpoints are those of ServiceEntries and
 * WorkloadEntries. One error anywhere refuses all.
 */
export function compileDocuments(files: readonly PolicyFile[], options: PipelineOptions): CompiledDocuments {
  const parsed = parseResources(files);
  const all = [...parsed.messages, ...parsed.resources.flatMap(validateResource), ...twice(parsed.resources)];
  const errors = all.filter(({ level }) => level === 'error');
  const warnings = all.filter(({ level }) => level === 'warning');
  if (errors.length > 0) return { policy: null, messages: [...errors, ...warnings] };
  const resources = parsed.resources.map(({ resource }) => resource);
  try {
    const { scope, mesh, revision } = options;
    return { policy: resolve(resources, [], [], scope, { mesh, revision }), messages: warnings };
  } catch (error) {
    const text = `these documents could not be resolved: ${error instanceof Error ? error.message : String(error)}`;
    return { policy: null, messages: [plainMessage(text, files[0]?.file), ...warnings] };
  }
}

/** Which of two would be in force would depend on the names of files. */
function twice(resources: readonly ParsedResource[]): Message[] {
  const messages: Message[] = [];
  const seen = new Map<string, ParsedResource>();
  for (const parsed of resources) {
    const { apiVersion, kind, metadata } = parsed.resource;
    const { namespace, name } = metadata;
    const key = [apiVersion.split('/')[0], kind, namespace, name].join('\n');
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, parsed);
      continue;
    }
    const { file, line, column } = first.origin(['metadata', 'name']);
    messages.push({
      ...plainMessage(
        `${kind} ${namespace}/${name} is already in ${file}:${line}:${column}; leave one of them out`,
      ),
      ...parsed.origin(['metadata', 'name']),
      kind,
      namespace,
      name,
      path: 'metadata.name',
    });
  }
  return messages;
}
