/** For the tests of the command: runs it in this process, and keeps what it says. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Control, type ControlOptions, startControl } from '@heddle/control';
import { type Io, run } from './index.js';

export interface Said {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Setting {
  readonly stdin?: string;
  readonly env?: Io['env'];
  readonly isTTY?: boolean;
}

/** Runs `heddle …argv`. */
export async function heddle(
  argv: readonly string[],
  { stdin = '', env = {}, isTTY = false }: Setting = {},
): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    isTTY,
    columns: 100,
    write: (text: string) => {
      said[name] += text;
    },
  });
  const exit = await run(argv, {
    stdin: chunks(stdin),
    stdout: output('stdout'),
    stderr: output('stderr'),
    env,
  });
  return { exit, ...said };
}

async function* chunks(text: string): AsyncGenerator<Buffer> {
  // In bytes that cut characters in two: stdin has no respect for them.
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1_001) yield bytes.subarray(at, at + 1_001);
}

export function temporaryFolder(context: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-cli-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

export interface Running {
  readonly control: Control;
  readonly dataDir: string;
  /** `HEDDLE_DATA` of it. */
  readonly env: Io['env'];
}

/** A real config service on a port of its own. */
export async function service(context: TestContext, options: Partial<ControlOptions> = {}): Promise<Running> {
  const dataDir = join(temporaryFolder(context), 'data');
  const control = await startControl({ dataDir, port: 0, log: () => {}, ...options });
  context.after(() => control.close());
  return { control, dataDir, env: { HEDDLE_DATA: dataDir } };
}

/** Certificate and key of the root that the service there made, PEM. */
export function rootOf(dataDir: string): string {
  const folder = join(dataDir, 'ca');
  const name = readdirSync(folder).find((file) => file.startsWith('root-'));
  return readFileSync(join(folder, name ?? 'no root'), 'utf8');
}

/** A weighted route between two subsets of reviews. */
export function split(v1: number): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
    - name: split
      route:
        - destination: { host: reviews, subset: v1 }
          weight: ${v1}
        - destination: { host: reviews, subset: v2 }
          weight: ${100 - v1}
`;
}

export const SUBSETS = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
spec:
  host: reviews
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
`;

export const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: reviews
spec:
  ports:
    - { name: http, port: 9080 }
`;

export const READERS = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: readers
spec:
  selector:
    matchLabels: { app: reviews }
  rules:
    - from:
        - source: { serviceAccounts: [productpage] }
      to:
        - operation: { methods: [GET] }
`;

/** The host is spelled wrongly on line 9. */
export const WRONG = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: wrong
spec:
  hosts: [reviews]
  http:
    - route:
        - destination: { hots: reviews }
`;
