import { type FieldPath, formatPath } from './kinds/kind.js';
import type { ParsedResource } from './parse.js';
import type { Message } from './resource.js';

/** A finding about a field of a resource, at the place where it was written. */
export function messageAt(
  parsed: ParsedResource,
  finding: Pick<Message, 'code' | 'level' | 'message'> & { readonly path: FieldPath },
): Message {
  const { code, level, message, path } = finding;
  const { kind, metadata } = parsed.resource;
  const { namespace, name } = metadata;
  const { file, line, column } = parsed.origin(path);
  return { code, level, kind, namespace, name, message, file, line, column, path: formatPath(path) };
}
