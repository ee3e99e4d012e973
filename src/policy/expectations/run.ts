/** `heddle test`: the expectations that users write next to their policy, run by the functions that decide real calls. */
import { messageAt } from '../message-at.js';
import { type ParsedFiles, parseResources } from '../parse.js';
import type { Message, PolicyFile } from '../resource.js';
import { validateResource } from '../validate.js';
import { Asker } from './ask.js';
import type { Difference } from './differences.js';
import { type ReadCase, readPolicyTests } from './read.js';

export interface RunPolicyTestsOptions {
  /** Runs only cases whose `namespace/test: case` holds this text. @default all */
  readonly filter?: string;
}

/** One case that was run. */
export interface PolicyTestResult {
  /** `namespace/name` of the PolicyTest. */
  readonly test: string;
  /** Of the case. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly passed: boolean;
  /** Empty if it passed. */
  readonly differences: readonly Difference[];
  /** Of the explanation. */
  readonly steps: readonly string[];
}

export interface PolicyTestReport {
  /** Whether policy and tests are right in themselves; if not, no case was run. */
  readonly valid: boolean;
  /** Errors in policy and in tests. */
  readonly messages: readonly Message[];
  readonly passed: number;
  readonly failed: number;
  /** Left out by the filter. */
  readonly skipped: number;
  readonly cases: readonly PolicyTestResult[];
}

/**
 * Runs every case of every PolicyTest in `files` against the policy in `files`. Never throws for what is in them: what is wrong with
 * policy or tests is a message, and then no case is run.
 */
export function runPolicyTests(
  files: readonly PolicyFile[],
  { filter = '' }: RunPolicyTestsOptions = {},
): PolicyTestReport {
  const parsed = parseResources(files);
  const tests = readPolicyTests(parsed);
  const order = new Map(files.map(({ file }, index) => [file, index]));
  const messages = [...policyErrors(parsed), ...tests.messages].sort(
    (one, other) => order.get(one.file)! - order.get(other.file)! || one.line - other.line,
  );
  if (messages.length > 0) return { valid: false, messages, passed: 0, failed: 0, skipped: 0, cases: [] };
  const chosen = tests.cases.filter((one) => `${one.test}: ${one.case.name}`.includes(filter));
  const asker = new Asker(parsed.resources.map(({ resource }) => resource));
  const cases = chosen.map((one) => runCase(one, asker));
  const passed = cases.filter((one) => one.passed).length;
  const skipped = tests.cases.length - chosen.length;
  return { valid: true, messages, passed, failed: cases.length - passed, skipped, cases };
}

/** What would keep this policy from being applied. */
function policyErrors(parsed: ParsedFiles): Message[] {
  const seen = new Set<string>();
  const twice: Message[] = [];
  for (const one of parsed.resources) {
    const { apiVersion, kind, metadata } = one.resource;
    const key = [apiVersion.split('/')[0], kind, metadata.namespace, metadata.name].join('\n');
    const message = 'this resource is written twice; leave one of them out';
    if (seen.has(key))
      twice.push(messageAt(one, { code: 'HDL0004', level: 'error', message, path: ['metadata', 'name'] }));
    seen.add(key);
  }
  const all = [...parsed.messages, ...parsed.resources.flatMap(validateResource), ...twice];
  return all.filter(({ level }) => level === 'error');
}

function runCase(read: ReadCase, asker: Asker): PolicyTestResult {
  const { test, origin } = read;
  const { name } = read.case;
  const { file, line, column } = origin;
  const { differences, steps } = asker.ask(read);
  return { test, name, file, line, column, passed: differences.length === 0, differences, steps };
}
