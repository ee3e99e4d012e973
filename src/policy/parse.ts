/**
 * From files to resources: YAML (and so JSON), several documents a file. Whatever the bytes are, the answer is resources and
 * messages; nothing is thrown.
 */
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { MAX_DOCUMENTS, MAX_FILE_CHARACTERS, type ParseFault, readDocument } from './document.js';
import type { FieldPath } from './kinds/kind.js';
import { Locator } from './locate.js';
import type { Message, Origin, PolicyFile, Resource } from './resource.js';

/** A resource, and where each of its fields was written. */
export interface ParsedResource {
  readonly resource: Resource;
  /** Of the field, or of the nearest one around it that was written. */
  origin(path: FieldPath): Origin;
}

export interface ParsedFiles {
  readonly resources: readonly ParsedResource[];
  readonly messages: readonly Message[];
}

/** Reads all resources of all files. Codes: `HDL0001` not YAML, or too large; `HDL0002` not a resource; `HDL0003` not policy. */
export function parseResources(files: readonly PolicyFile[]): ParsedFiles {
  const resources: ParsedResource[] = [];
  const messages: Message[] = [];
  for (const file of files) parseFile(file, resources, messages);
  return { resources, messages };
}

function parseFile(file: PolicyFile, resources: ParsedResource[], messages: Message[]): void {
  const say = (text: string, line = 1, column = 1) =>
    messages.push(fileMessage(file.file, { line, column }, text));
  if (file.text.length > MAX_FILE_CHARACTERS)
    return void say(`the file is longer than ${MAX_FILE_CHARACTERS} characters; split it`);
  const lines = new LineCounter();
  let documents: readonly Document[];
  try {
    documents = parseAllDocuments(file.text, { lineCounter: lines, prettyErrors: false }) as Document[];
  } catch (error) {
    // The parser recurses: a document nested tens of thousands deep exhausts the stack.
    return void say(`not YAML: ${error instanceof RangeError ? 'it is nested too deeply' : String(error)}`);
  }
  if (documents.length > MAX_DOCUMENTS)
    return void say(`the file has more than ${MAX_DOCUMENTS} documents; split it`);
  for (const document of documents) {
    for (const error of document.errors) {
      const { line, col } = lines.linePos(error.pos[0]);
      say(`not YAML: ${error.message}`, Math.max(1, line), Math.max(1, col));
    }
    if (document.errors.length > 0) continue;
    const locator = new Locator(file.file, document, lines);
    const found = readDocument(document);
    for (const { resource, base } of found.resources)
      resources.push({ resource, origin: (path) => locator.locate([...base, ...path]) });
    for (const fault of found.faults) messages.push(faultMessage(fault, locator));
  }
}

function fileMessage(file: string, at: { line: number; column: number }, message: string): Message {
  return {
    code: 'HDL0001',
    level: 'error',
    kind: '',
    namespace: '',
    name: '',
    message,
    file,
    ...at,
    path: '',
  };
}

function faultMessage(fault: ParseFault, locator: Locator): Message {
  const { file, line, column } = locator.locate(fault.at);
  const { code, level, kind, namespace, name, message, path } = fault;
  return { code, level, kind, namespace, name, message, file, line, column, path };
}
