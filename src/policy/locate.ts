/** Where in a file a field of a document was written. */
import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
} from 'yaml';
import type { FieldPath } from './kinds/kind.js';
import type { Origin } from './resource.js';
import type { YamlDocument } from './yaml-documents.js';

export class Locator {
  readonly #file: string;
  readonly #read: YamlDocument;
  readonly #lines: LineCounter;
  readonly #targets: ReadonlyMap<Alias, Node>;
  /** Fields of the mappings that were asked about: thousands of findings in one may follow. */
  readonly #fields = new Map<object, ReadonlyMap<string, Pair>>();

  constructor(file: string, read: YamlDocument, lines: LineCounter, targets: ReadonlyMap<Alias, Node>) {
    this.#file = file;
    this.#read = read;
    this.#lines = lines;
    this.#targets = targets;
  }

  /** Of the field's name, or of the list's entry. A field that is not there is looked for in what surrounds it. */
  locate(path: FieldPath): Origin {
    let node: unknown = this.#read.document.contents;
    let offset = startOf(node);
    for (const part of path) {
      const next = this.#step(node, part);
      if (next === null) break;
      node = next.value;
      offset = startOf(next.at) ?? offset;
    }
    return placeAt(this.#file, this.#lines, this.#read.base + (offset ?? 0));
  }

  #step(node: unknown, part: string | number): { readonly at: unknown; readonly value: unknown } | null {
    const target = isAlias(node) ? this.#targets.get(node) : node;
    if (isMap(target)) {
      let fields = this.#fields.get(target);
      if (fields === undefined) {
        fields = new Map(
          target.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]),
        );
        this.#fields.set(target, fields);
      }
      const pair = fields.get(String(part));
      return pair === undefined ? null : { at: pair.key, value: pair.value };
    }
    if (!isSeq(target) || typeof part !== 'number') return null;
    const item = target.items[part];
    return item === undefined ? null : { at: item, value: item };
  }
}

/** Lines and columns start at 1. */
export function placeAt(file: string, lines: LineCounter, offset: number): Origin {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(1, line), column: Math.max(1, col) };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? ((node as Node).range?.[0] ?? undefined) : undefined;
}
