/** Processes of a test: their lines, their end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Child {
  /** What it printed so far, line by line. */
  readonly lines: string[] = [];
  stderr = '';
  readonly exit: Promise<Exit>;
  ended = false;
  readonly #process: ChildProcess;
  #notify: () => void = () => {};

  /** @param file of this folder; nothing of our own environment is passed on but what Node needs */
  static start(
    t: TestContext,
    file: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Child {
    return Child.run(t, process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], env);
  }

  /** Any program. */
  static run(
    t: TestContext,
    program: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Child {
    const child = new Child(program, args, env);
    t.after(() => child.kill('SIGKILL'));
    return child;
  }

  private constructor(program: string, args: readonly string[], env: Record<string, string>) {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    this.#process = spawn(program, args, {
      stdio,
      env: { PATH: process.env.PATH, ...env },
    });
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      this.lines.push(line);
      this.#notify();
    });
    this.#process.stderr!.on('data', (chunk) => {
      this.stderr += String(chunk);
    });
    this.exit = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => {
        this.ended = true;
        this.#notify();
        resolve({ code, signal });
      });
    });
  }

  /** Resolves with the first line, from number `from` on, for which `wanted` holds. Fails if the process ends before. */
  async line(wanted: (line: string) => boolean = () => true, from = 0): Promise<string> {
    for (let seen = from; ; ) {
      for (; seen < this.lines.length; seen += 1) if (wanted(this.lines[seen]!)) return this.lines[seen]!;
      if (this.ended) throw new Error(`the process has ended: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}
