/** PolicyTest documents, found among files of policy; whatever is wrong with them is a message with its place. */
import { z } from 'zod';
import { type FieldPath, formatPath } from '../kinds/kind.js';
import type { ParsedFiles, ParsedResource } from '../parse.js';
import type { Message, Origin } from '../resource.js';
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
  /** Errors. What is wrong with a file as YAML is said by `parseResources`. */
  readonly messages: readonly Message[];
}

const text = z.record(z.string(), z.string());

const envelope = z.strictObject({
  apiVersion: z.literal(TEST_API_VERSION),
  kind: z.literal(TEST_KIND),
  metadata: z.strictObject({
    name: z.string().min(1).max(253),
    namespace: z.string().min(1).max(63).optional(),
    labels: text.optional(),
    annotations: text.optional(),
  }),
  spec: testSchema,
});

/** The tests among the documents that are not policy. */
export function readPolicyTests({ others }: Pick<ParsedFiles, 'others'>): ReadTests {
  const cases: ReadCase[] = [];
  const messages: Message[] = [];
  for (const document of others) {
    const { apiVersion, kind } = document.resource;
    if (kind === TEST_KIND && apiVersion === TEST_API_VERSION) readTest(document, cases, messages);
  }
  return { cases, messages };
}

type Say = (path: FieldPath, message: string) => void;

function readTest({ resource, origin }: ParsedResource, cases: ReadCase[], messages: Message[]): void {
  const { name, namespace } = resource.metadata;
  const about = { code: 'IST0106', level: 'error', kind: TEST_KIND, namespace, name } as const;
  const say: Say = (path, message) =>
    void messages.push({ ...about, message, ...origin(path), path: formatPath(path) });
  // Of what is not policy the spec is the whole document.
  const parsed = envelope.safeParse(resource.spec);
  if (!parsed.success) {
    for (const { path, message } of describeIssues(envelope, parsed.error.issues, resource.spec))
      say(path, message);
    return;
  }
  const { spec } = parsed.data;
  const around = { test: `${namespace}/${name}`, namespace, mesh: spec.mesh ?? {} };
  for (const [index, value] of spec.cases.entries()) {
    const path = ['spec', 'cases', index];
    const one = readCase(value, path, say);
    if (one !== null) cases.push({ ...around, case: one, origin: origin(path) });
  }
}

function readCase(value: unknown, base: FieldPath, say: Say): CallCase | ExchangeCase | null {
  const isObject = typeof value === 'object' && value !== null;
  const asked = isObject ? ['call', 'exchange'].filter((name) => Object.hasOwn(value, name)) : [];
  if (asked.length === 2) {
    say(base, "a case asks about a 'call' or about an 'exchange', not about both; make it two cases");
    return null;
  }
  const schema: z.ZodType<CallCase | ExchangeCase> = asked[0] === 'exchange' ? exchangeCase : callCase;
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    if (typeof parsed.data.expect === 'string' || Object.keys(parsed.data.expect).length > 0)
      return parsed.data;
    say([...base, 'expect'], 'it expects nothing, so it would always pass; say what must come out');
    return null;
  }
  const unasked = isObject && asked.length === 0;
  if (unasked) say(base, "'call' or 'exchange' is missing: what is asked");
  // What can be expected depends on what is asked.
  for (const { path, message } of describeIssues(schema, parsed.error.issues, value))
    if (!unasked || !['call', 'expect'].includes(String(path[0]))) say([...base, ...path], message);
  return null;
}
