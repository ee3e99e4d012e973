/**
 * From files to resources: YAML (and so JSON), several documents a file. Whatever the bytes are, the answer is resources and
 * messages; nothing is thrown.
 */
import { type Found, MAX_FILE_CHARACTERS, type ParseFault, readDocument } from './document.js';
import type { FieldPath } from './kinds/kind.js';
import { Locator, placeAt } from './locate.js';
import type { Message, Origin, PolicyFile, Resource } from './resource.js';
import { readYamlDocuments } from './yaml-documents.js';
import { readValue } from './yaml-value.js';

/** A resource, and where each of its fields was written. */
export interface ParsedResource {
  readonly resource: Resource;
  /** Of the field, or of the nearest one around it that was written. */
  origin(path: FieldPath): Origin;
}

export interface ParsedFiles {
  readonly resources: readonly ParsedResource[];
  readonly messages: readonly Message[];
  /**
   * Documents of Kubernetes that are not policy but say what there is: namespaces, pods, secrets. `resource.spec` is the whole document,
   * unchecked; paths start at its top.
   */
  readonly others: readonly ParsedResource[];
}

/** Reads all resources of all files. Codes: `HDL0001` not YAML, or too large; `HDL0002` not a resource; `HDL0003` not policy. */
export function parseResources(files: readonly PolicyFile[]): ParsedFiles {
  const parsed = { resources: [], messages: [], others: [] };
  for (const file of files) parseFile(file, parsed);
  return parsed;
}

interface Parsed {
  readonly resources: ParsedResource[];
  readonly messages: Message[];
  readonly others: ParsedResource[];
}

function parseFile({ file, text }: PolicyFile, { resources, messages, others }: Parsed): void {
  const say = (message: string, origin: Origin = { file, line: 1, column: 1 }) =>
    void messages.push({ ...ABOUT_NOTHING, ...origin, message });
  if (text.length > MAX_FILE_CHARACTERS) {
    say(`the file is longer than ${MAX_FILE_CHARACTERS} characters; split it`);
    return;
  }
  const { documents, faults, lines } = readYamlDocuments(text);
  const sayFault = (message: string, offset: number) =>
    say(`not YAML: ${message}`, placeAt(file, lines, offset));
  for (const { offset, message } of faults) sayFault(message, offset);
  for (const read of documents) {
    const { value, faults: wrong, targets } = readValue(read.document);
    for (const { offset, message } of wrong) sayFault(message, read.base + offset);
    if (wrong.length > 0) continue;
    const locator = new Locator(file, read, lines, targets);
    const place = ({ resource, base }: Found): ParsedResource => ({
      resource,
      origin: (path) => locator.locate([...base, ...path]),
    });
    const found = readDocument(value);
    resources.push(...found.resources.map(place));
    others.push(...found.others.map(place));
    for (const fault of found.faults) messages.push(faultMessage(fault, locator));
  }
}

const ABOUT_NOTHING = {
  code: 'HDL0001',
  level: 'error',
  kind: '',
  namespace: '',
  name: '',
  path: '',
} as const;

function faultMessage(fault: ParseFault, locator: Locator): Message {
  const { file, line, column } = locator.locate(fault.at);
  const { code, level, kind, namespace, name, message, path } = fault;
  return { code, level, kind, namespace, name, message, file, line, column, path };
}
