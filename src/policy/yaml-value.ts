/**
 * A YAML document as a plain value: what JSON could say, and nothing else. Linear in the length of the document; aliases and merge keys
 * are written out within a budget, so that a few lines cannot ask for gigabytes.
 */
import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { type FieldPath, formatPath } from './kinds/kind.js';
import { MAX_DEPTH } from './yaml-documents.js';

/** Values that aliases of one document may add. */
const MAX_EXPANDED = 100_000;
const MAX_FAULTS = 100;

export interface ValueFault {
  /** Of the chunk, in characters. */
  readonly offset: number;
  readonly message: string;
}

export interface PlainValue {
  readonly value: unknown;
  readonly faults: readonly ValueFault[];
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Alias, Node>;
}

export function readValue(document: Document): PlainValue {
  const reader = new Reader();
  const value = reader.read(document.contents, []);
  return { value, faults: reader.faults, targets: reader.targets };
}

interface Anchored {
  readonly node: Node;
  /** Absent while it is being read: an alias within would have no end. */
  value?: unknown;
  /** How many values it is. */
  size: number;
}

class Reader {
  readonly faults: ValueFault[] = [];
  readonly targets = new Map<Alias, Node>();
  readonly #anchors = new Map<string, Anchored>();
  #count = 0;
  #expanded = 0;

  read(node: unknown, path: FieldPath): unknown {
    this.#count += 1;
    if (isAlias(node)) return this.#expand(node, path);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor === undefined) return this.#readBare(node, path);
    const anchored: Anchored = { node: node as Node, size: 0 };
    this.#anchors.set(anchor, anchored);
    const before = this.#count;
    anchored.value = this.#readBare(node, path);
    anchored.size = this.#count - before + 1;
    return anchored.value;
  }

  #readBare(node: unknown, path: FieldPath): unknown {
    if (isScalar(node)) return this.#scalar(node.value, node.source, node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index]));
    return isMap(node) ? this.#map(node, path) : null;
  }

  #map(map: YAMLMap, path: FieldPath): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    const merged: unknown[] = [];
    for (const { key: keyNode, value: valueNode } of map.items) {
      const key = this.#key(keyNode, map, path);
      if (key === null) continue;
      const at = [...path, key];
      const value = this.read(valueNode, at);
      if (key === '<<' && isPlain(keyNode)) merged.push(...this.#sources(value, keyNode, at));
      else if (entries.has(key)) this.#fault(keyNode, at, `'${short(key)}' is written twice; keep one`);
      else entries.set(key, value);
    }
    for (const source of merged)
      for (const [key, value] of Object.entries(source as object))
        if (!entries.has(key)) entries.set(key, value);
    // Unlike an assignment this makes `__proto__` a key like any other, for the schema's part to refuse.
    return Object.fromEntries(entries);
  }

  #sources(value: unknown, node: unknown, path: FieldPath): unknown[] {
    const sources = Array.isArray(value) ? value : [value];
    const mappings = sources.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one));
    if (mappings) return sources;
    this.#fault(node, path, "'<<' merges mappings: expected an alias of one, or a list of such");
    return [];
  }

  #key(node: unknown, map: YAMLMap, path: FieldPath): string | null {
    const value = isScalar(node) ? node.value : undefined;
    let key: string | null = null;
    if (typeof value === 'string') key = value;
    else if (typeof value === 'number' || typeof value === 'boolean')
      key = (isScalar(node) && node.source) || String(value);
    if (key === null) {
      this.#fault(
        isNodeLike(node) ? node : map,
        path,
        "the name of a field has to be text, as in 'name: value'",
      );
      return null;
    }
    return this.#isText(key, node, path) ? key : null;
  }

  #scalar(value: unknown, source: string | undefined, node: unknown, path: FieldPath): unknown {
    if (typeof value === 'string') return this.#isText(value, node, path) ? value : '';
    if (typeof value !== 'number') return value;
    const whole = Number.isInteger(value) && !/[.eE]/.test(source?.startsWith('0x') ? '' : (source ?? ''));
    if (Number.isFinite(value) && (Number.isSafeInteger(value) || !whole)) return value === 0 ? 0 : value;
    this.#fault(
      node,
      path,
      `${short(source ?? '')} is not a number that can be kept exactly; quote it if it is text`,
    );
    return 0;
  }

  #isText(text: string, node: unknown, path: FieldPath): boolean {
    if (!/[\0\p{Surrogate}]/u.test(text)) return true;
    this.#fault(node, path, 'a text cannot hold NUL or half a surrogate pair');
    return false;
  }

  #expand(alias: Alias, path: FieldPath): unknown {
    const anchored = this.#anchors.get(alias.source);
    if (anchored === undefined || !('value' in anchored)) {
      const why = anchored === undefined ? 'nothing before it has this name' : 'it stands within itself';
      this.#fault(alias, path, `alias '*${short(alias.source)}' cannot be followed: ${why}`);
      return null;
    }
    this.targets.set(alias, anchored.node);
    this.#expanded += anchored.size;
    if (this.#expanded > MAX_EXPANDED) {
      if (this.#expanded - anchored.size <= MAX_EXPANDED)
        this.#fault(
          alias,
          path,
          `aliases stand for more than ${MAX_EXPANDED} values; write less of them out`,
        );
      return null;
    }
    this.#count += anchored.size;
    return this.#copy(anchored.value, alias, path, path.length);
  }

  /** A copy: two places that share one value would change together. */
  #copy(value: unknown, alias: Alias, path: FieldPath, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_DEPTH * 2) {
      this.#fault(alias, path, `aliases nest more than ${MAX_DEPTH * 2} levels deep`);
      return null;
    }
    if (Array.isArray(value)) return value.map((entry) => this.#copy(entry, alias, path, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, this.#copy(entry, alias, path, depth + 1)]),
    );
  }

  #fault(node: unknown, path: FieldPath, message: string): void {
    if (this.faults.length >= MAX_FAULTS) return;
    const offset = (isNodeLike(node) ? node.range?.[0] : undefined) ?? 0;
    const where = formatPath(path);
    this.faults.push({ offset, message: where === '' ? message : `${short(where, 200)}: ${message}` });
  }
}

function isNodeLike(node: unknown): node is Node {
  return isAlias(node) || isMap(node) || isSeq(node) || isScalar(node);
}

function isPlain(node: unknown): boolean {
  return isScalar(node) && node.type === 'PLAIN';
}

function short(text: string, most = 60): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
