/** Where in a file a field of a document was written. */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from 'yaml';
import type { FieldPath } from './kinds/kind.js';
import type { Origin } from './resource.js';

export class Locator {
  readonly #file: string;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(file: string, document: Document, lines: LineCounter) {
    this.#file = file;
    this.#document = document;
    this.#lines = lines;
  }

  /** Of the field's name, or of the list's entry. A field that is not there is looked for in what surrounds it. */
  locate(path: FieldPath): Origin {
    let node: unknown = this.#document.contents;
    let offset = startOf(node);
    for (const part of path) {
      const next = this.#step(node, part);
      if (next === null) break;
      node = next.value;
      offset = startOf(next.at) ?? offset;
    }
    const { line, col } = this.#lines.linePos(offset ?? 0);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #step(node: unknown, part: string | number): { readonly at: unknown; readonly value: unknown } | null {
    const target = isAlias(node) ? node.resolve(this.#document) : node;
    if (isMap(target)) {
      for (const pair of target.items)
        if (isScalar(pair.key) && String(pair.key.value) === String(part))
          return { at: pair.key, value: pair.value };
      return null;
    }
    if (!isSeq(target) || typeof part !== 'number') return null;
    const item = target.items[part];
    return item === undefined ? null : { at: item, value: item };
  }
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? ((node as Node).range?.[0] ?? undefined) : undefined;
}
