/** What the command line speaks with, handed in: a process, a test or a demo. */
import type { Message } from 'heddle/policy';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Io {
  readonly stdin: AsyncIterable<Buffer | string>;
  /** Answers, and nothing else, so that they can be captured. */
  readonly stdout: Output;
  /** Errors and remarks. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends `heddle control`, which runs until then. @default never */
  readonly signal?: AbortSignal;
}

/** Exit codes. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** Largest input that is read: larger than any policy that the config service takes. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/** All of stdin as text. */
export async function readInput(io: Io): Promise<string> {
  return Buffer.from(await readInputBytes(io)).toString('utf8');
}

/** The same as bytes, for what has to say itself where it is not text. */
export async function readInputBytes(io: Io): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of io.stdin) {
    const bytes = Buffer.from(part);
    size += bytes.length;
    if (size > MAX_INPUT_BYTES)
      throw new CliError(`stdin is longer than ${MAX_INPUT_BYTES} bytes`, { exit: EXIT.usage });
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

export interface CliErrorFacts {
  /** @default 1 */
  readonly exit?: number;
  /** For programs; the config service's own code where it has one. @default 'failed', or 'usage' with exit code 2 */
  readonly code?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Findings about policy. */
  readonly messages?: readonly Message[];
}

/** Why a command ends early. The message is for a person and says what is wrong; `hint` says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exit: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly messages: readonly Message[] | undefined;

  constructor(message: string, facts: CliErrorFacts = {}) {
    super(message);
    this.exit = facts.exit ?? EXIT.failure;
    this.code = facts.code ?? (this.exit === EXIT.usage ? 'usage' : 'failed');
    this.hint = facts.hint;
    this.messages = facts.messages;
  }
}

/** The command was written wrongly: exit code 2. */
export function wrongUsage(message: string, hint?: string): CliError {
  return new CliError(message, { exit: EXIT.usage, ...(hint === undefined ? {} : { hint }) });
}
