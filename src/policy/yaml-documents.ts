/**
 * Text as YAML documents, each by itself: one that is broken does not take its neighbours with it. Everything is bounded (tokens,
 * depth), for the text may come from anywhere.
 * @source YAML 1.2.2 §9.1: `---` and `...` at the start of a line end a document, whatever is open
 */
import { Composer, type Document, Lexer, LineCounter, Parser } from 'yaml';

/** Words and marks of a file. A choice of this library: 10,000 ordinary documents have half of it; more would take many seconds to read. */
export const MAX_TOKENS = 1_000_000;
/** Of a file. */
export const MAX_DOCUMENTS = 10_000;
/** No kind nests deeper than some 15; Kubernetes' own kinds some 30. */
export const MAX_DEPTH = 100;
/** Of one document: who reads the hundredth has not read the first. */
const MAX_FAULTS = 100;

/** What is wrong with the YAML itself. */
export interface YamlFault {
  /** Of the file, in characters. */
  readonly offset: number;
  readonly message: string;
}

export interface YamlDocument {
  readonly document: Document;
  /** Where its chunk of the file begins: its nodes count from there. */
  readonly base: number;
}

export interface YamlFile {
  readonly documents: readonly YamlDocument[];
  readonly faults: readonly YamlFault[];
  readonly lines: LineCounter;
}

/** The core schema whatever a `%YAML 1.1` says: `yes` is text. Keys are compared elsewhere, for here it would take n² steps. */
const OPTIONS = {
  schema: 'core',
  uniqueKeys: false,
  resolveKnownTags: false,
  merge: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

export function readYamlDocuments(text: string): YamlFile {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden !== null) {
    const code = forbidden[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase();
    const message = `character U+${code} cannot stand in YAML; take it out`;
    return { documents: [], faults: [{ offset: forbidden.index, message }], lines };
  }
  const documents: YamlDocument[] = [];
  const faults: YamlFault[] = [];
  const parts = [...chunks(text)];
  const excess = excessOf(text, parts);
  if (excess !== null) return { documents, faults: [excess], lines };
  for (const { base, end } of parts) {
    try {
      for (const document of compose(text.slice(base, end))) {
        const found = faultsOf(document, base);
        if (found.length === 0) documents.push({ document, base });
        else faults.push(...found);
      }
    } catch (error) {
      faults.push({ offset: base + (error instanceof Refusal ? error.offset : 0), message: reasonOf(error) });
    }
  }
  return { documents, faults, lines };
}

/** Too much to be read at all. Looking takes a fraction of the time that reading would. */
function excessOf(text: string, parts: readonly { readonly base: number }[]): YamlFault | null {
  const tooMany = parts[MAX_DOCUMENTS];
  if (tooMany !== undefined)
    return { offset: tooMany.base, message: `the file has more than ${MAX_DOCUMENTS} documents; split it` };
  // A character makes two tokens at most: the mark that a text begins, and the text.
  if (text.length * 2 <= MAX_TOKENS) return null;
  let tokens = 0;
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > MAX_TOKENS)
      return { offset, message: `the file has more than ${MAX_TOKENS} words and marks; split it` };
    if (!MARKERS.has(lexeme)) offset += lexeme.length;
  }
  return null;
}

/** What YAML's own grammar leaves out, and halves of surrogate pairs. */
const FORBIDDEN =
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

class Refusal extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** A RangeError can only be the stack: what the limits let through is still too deep for it. */
function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return 'it is nested too deeply';
  return error instanceof Error ? error.message : String(error);
}

/** Cuts at every `---` and behind every `...`. Directives (`%YAML`) stay with the `---` that follows them. */
function* chunks(text: string): Generator<{ readonly base: number; readonly end: number }> {
  let base = 0;
  for (const { index, 0: mark } of text.matchAll(/^(?:---|\.\.\.)(?=[ \t\r\n]|$)/gm)) {
    if (index < base) continue;
    const begins = mark === '---';
    if (begins && !/^(?:[^\s#%\ufeff]|[ \t]+[^\s#])/m.test(text.slice(base, index))) continue;
    const lineEnd = text.indexOf('\n', index);
    const end = begins ? index : lineEnd === -1 ? text.length : lineEnd + 1;
    yield { base, end };
    base = end;
  }
  if (base < text.length) yield { base, end: text.length };
}

function* compose(chunk: string): Generator<Document> {
  const parser = new Parser();
  const composer = new Composer(OPTIONS);
  const depth = new DepthGauge();
  let offset = 0;
  for (const lexeme of new Lexer().lex(chunk)) {
    if (depth.after(lexeme) > MAX_DEPTH)
      throw new Refusal(offset, `it is nested more than ${MAX_DEPTH} levels deep`);
    if (!MARKERS.has(lexeme)) offset += lexeme.length;
    for (const token of parser.next(lexeme)) yield* composer.next(token) as Generator<Document>;
  }
  for (const token of parser.end()) yield* composer.next(token) as Generator<Document>;
  yield* composer.end() as Generator<Document>;
}

/** Lexemes that stand for no character of the text: start of a document, of a scalar, a flow that was not closed. */
const MARKERS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f']);

/**
 * How deep the next token can stand, before anything recurses over it: brackets that are open, `-`, `?` and `:` one after the other, and
 * the steps of indentation.
 */
class DepthGauge {
  /** Of each bracket that is open: how many `?` and `:` since its last comma. JSON on one line has thousands of them, one an entry. */
  readonly #open: number[] = [];
  #onLine = 0;
  /** How many of those stand behind another one. */
  #chained = 0;
  /** Indents of the lines above that hold the present one. */
  readonly #indents: number[] = [];
  #indent = 0;
  #lineStart = true;

  after(lexeme: string): number {
    const first = lexeme[0];
    if (first === '\n' || lexeme === '\r\n') {
      this.#lineStart = true;
      this.#indent = 0;
      this.#onLine = 0;
    } else if (this.#lineStart && (first === ' ' || first === '\t')) {
      this.#indent = lexeme.length;
    } else {
      if (this.#lineStart && this.#open.length === 0) this.#settle();
      this.#lineStart = false;
      if (lexeme === '[' || lexeme === '{') this.#open.push(0);
      else if (this.#open.length > 0) this.#within(lexeme);
      else if (lexeme === '-' || lexeme === '?' || lexeme === ':') this.#onLine += 1;
    }
    return this.#open.length + this.#chained + Math.max(0, this.#onLine - 1) + this.#indents.length;
  }

  /** A lexeme within brackets. */
  #within(lexeme: string): void {
    const last = this.#open.length - 1;
    const marks = this.#open[last]!;
    if (lexeme === ',' || lexeme === ']' || lexeme === '}') {
      this.#chained -= Math.max(0, marks - 1);
      this.#open[last] = 0;
      if (lexeme !== ',') this.#open.pop();
    } else if (lexeme === '?' || lexeme === ':') {
      if (marks > 0) this.#chained += 1;
      this.#open[last] = marks + 1;
    }
  }

  #settle(): void {
    while ((this.#indents.at(-1) ?? -1) >= this.#indent) this.#indents.pop();
    this.#indents.push(this.#indent);
  }
}

/** A tag that is not known is an error, too: its value would be taken for text. */
function faultsOf(document: Document, base: number): YamlFault[] {
  const tags = document.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED');
  return [...document.errors, ...tags].slice(0, MAX_FAULTS).map(({ pos, message, code }) => ({
    offset: base + pos[0],
    message: code === 'TAG_RESOLVE_FAILED' ? `${message}; policy has no tags, write the value` : message,
  }));
}
