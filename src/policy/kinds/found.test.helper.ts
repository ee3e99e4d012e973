import { parseResources } from '../parse.js';
import type { Message } from '../resource.js';
import { validateResource } from '../validate.js';
import { joinVersion, KINDS } from './index.js';

/** All that is said of a resource; its spec as YAML in one line. @param version newest unless given */
export function messagesOf(
  kind: string,
  spec: string,
  metadata = '{ name: x }',
  version?: string,
): Message[] {
  const { group, versions } = KINDS.find((known) => known.kind === kind)!;
  const apiVersion = joinVersion(group, version ?? versions[0]!);
  const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: ${metadata}\nspec: ${spec}\n`;
  const { resources, messages } = parseResources([{ file: 'x.yaml', text }]);
  return [...messages, ...resources.flatMap(validateResource)];
}

/** The same without the words: `level code path`. */
export function found(kind: string, spec: string, metadata?: string, version?: string): string[] {
  return messagesOf(kind, spec, metadata, version).map(({ level, code, path }) => `${level} ${code} ${path}`);
}
