/** What every command is handed: where to speak, how it looks, and how it ends. */
import type { Command } from 'commander';
import { EXIT, type Io } from './io.js';
import { type Style, styleOf } from './style.js';

export class Context {
  /** Of stdout. */
  readonly style: Style;
  /** Of stderr. */
  readonly noteStyle: Style;
  /** Set where a command ends well and its answer is no, as `analyze` with findings. */
  exit: number = EXIT.ok;
  /** Whether programs read along, set when a command begins. */
  json = false;

  constructor(readonly io: Io) {
    this.style = styleOf(io.stdout, io.env);
    this.noteStyle = styleOf(io.stderr, io.env);
  }

  /** The answer, to stdout. */
  print(text: string): void {
    this.io.stdout.write(text);
  }

  printJson(value: unknown): void {
    this.print(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** A remark that is no part of the answer, to stderr. */
  note(text: string): void {
    this.io.stderr.write(text);
  }
}

/** Gives a command examples in its help, each with what it is for. */
export function teach(
  command: Command,
  examples: readonly (readonly [command: string, what: string])[],
): Command {
  const lines = examples.map(([line, what]) => `  # ${what}\n  ${line}\n`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** `--json`, in the same words everywhere. */
export function withJson(command: Command): Command {
  return command.option('--json', 'answer in JSON, for programs');
}

/** For options that may be given several times, and take several values each time. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}
