/** PolicyTest documents, found among files of policy; whatever is wrong with them is a message with its place. */
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { MAX_DOCUMENTS, MAX_FILE_CHARACTERS } from '../document.js';
import { type FieldPath, formatPath } from '../kinds/kind.js';
import { Locator } from '../locate.js';
import type { Message, Origin, PolicyFile } from '../resource.js';
import { describeIssues } from '../schema-issues.js';
import {
  type CallCase,
  callCase,
  type ExchangeCase,
  exchangeCase,
  TEST_API_VERSION,
  TEST_KIND,
  type TestMesh,
  testSchema,
} from './schema.js';

/** A case, and what it has from the document around it. */
export interface ReadCase {
  /** `namespace/name` of the PolicyTest. */
  readonly test: string;
  readonly namespace: string;
  readonly mesh: TestMesh;
  readonly case: CallCase | ExchangeCase;
  readonly origin: Origin;
}

export interface ReadTests {
  readonly cases: readonly ReadCase[];
  /** Errors. That a file is not YAML is said by `parseResources`. */
  readonly messages: readonly Message[];
}

const MAX_ALIASES = 100;

const envelope = z.strictObject({
  apiVersion: z.literal(TEST_API_VERSION),
  kind: z.literal(TEST_KIND),
  metadata: z.strictObject({
    name: z.string().min(1).max(253),
    namespace: z.string().min(1).max(63).optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: testSchema,
});

/** Reads the tests of all files. Documents of other kinds are passed over. */
export function readPolicyTests(files: readonly PolicyFile[]): ReadTests {
  const reader = new Reader();
  for (const file of files) if (file.text.includes(TEST_KIND)) reader.readFile(file);
  return reader;
}

class Reader implements ReadTests {
  readonly cases: ReadCase[] = [];
  readonly messages: Message[] = [];

  readFile({ file, text }: PolicyFile): void {
    if (text.length > MAX_FILE_CHARACTERS) return;
    const lines = new LineCounter();
    let documents: readonly Document[];
    try {
      documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false }) as Document[];
    } catch {
      return;
    }
    for (const document of documents.slice(0, MAX_DOCUMENTS)) {
      if (document.errors.length > 0) continue;
      let value: unknown;
      try {
        value = document.toJS({ maxAliasCount: MAX_ALIASES });
      } catch {
        continue;
      }
      this.#readEntry(value, [], new Locator(file, document, lines));
    }
  }

  #readEntry(value: unknown, base: FieldPath, locator: Locator): void {
    if (!isObject(value)) return;
    if (value.kind === 'List' && Array.isArray(value.items) && base.length === 0) {
      for (const [index, item] of value.items.entries()) this.#readEntry(item, ['items', index], locator);
      return;
    }
    if (value.kind !== TEST_KIND || value.apiVersion !== TEST_API_VERSION) return;
    const metadata = isObject(value.metadata) ? value.metadata : {};
    const name = typeof metadata.name === 'string' ? metadata.name : '';
    const namespace = typeof metadata.namespace === 'string' ? metadata.namespace : 'default';
    const say = (path: FieldPath, message: string) => {
      const { file, line, column } = locator.locate([...base, ...path]);
      const about = { code: 'IST0106', level: 'error', kind: TEST_KIND, namespace, name } as const;
      this.messages.push({ ...about, message, file, line, column, path: formatPath(path) });
    };
    const parsed = envelope.safeParse(value);
    if (!parsed.success) {
      for (const { path, message } of describeIssues(envelope, parsed.error.issues, value))
        say(path, message);
      return;
    }
    const { spec } = parsed.data;
    const around = { test: `${namespace}/${name}`, namespace, mesh: spec.mesh ?? {} };
    for (const [index, one] of spec.cases.entries()) {
      const path = ['spec', 'cases', index];
      const read = this.#readCase(one, path, say);
      if (read !== null)
        this.cases.push({ ...around, case: read, origin: locator.locate([...base, ...path]) });
    }
  }

  #readCase(
    value: unknown,
    base: FieldPath,
    say: (path: FieldPath, message: string) => void,
  ): CallCase | ExchangeCase | null {
    const asked = isObject(value) ? ['call', 'exchange'].filter((name) => Object.hasOwn(value, name)) : [];
    if (asked.length === 2) {
      say(base, "a case asks about a 'call' or about an 'exchange', not about both; make it two cases");
      return null;
    }
    const schema: z.ZodType<CallCase | ExchangeCase> = asked[0] === 'exchange' ? exchangeCase : callCase;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const { path, message } of describeIssues(schema, parsed.error.issues, value)) {
      const missing = asked.length === 0 && path[0] === 'call' && path.length === 1;
      say([...base, ...path], missing ? "'call' or 'exchange' is missing: what is asked" : message);
    }
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
