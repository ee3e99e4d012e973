/** Runs one command line, and turns whatever goes wrong into words and an exit code. */
import { CommanderError } from 'commander';
import { isMeshError } from 'heddle/ports';
import { Context } from './context.js';
import { CliError, EXIT, type Io } from './io.js';
import { formatMessages } from './messages.js';
import { makeProgram } from './program.js';
import { clean } from './style.js';

/**
 * Runs `heddle` with `argv` (without the program's name). Never rejects, and touches nothing of the process but files and sockets.
 * @returns the exit code: 0 it worked, 1 it failed or the answer is no, 2 wrong usage
 * @example await run(['version'], process); // => 0
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const context = new Context(io);
  try {
    await makeProgram(context).parseAsync(argv, { from: 'user' });
    return context.exit;
  } catch (error) {
    // Commander has said already what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return fail(asCliError(error), context);
  }
}

function asCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (isMeshError(error)) {
    const wrong = error.code === 'HEDDLE_INVALID_SETTING' || error.code === 'HEDDLE_INVALID_ARGUMENT';
    const message = error.message.slice(`[${error.code}] `.length);
    return new CliError(message, { exit: wrong ? EXIT.usage : EXIT.failure, code: error.code });
  }
  const { message, code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return new CliError(message);
  return new CliError(`${message ?? String(error)}`, {
    code: 'internal',
    hint: 'this is a mistake in heddle; please report it',
  });
}

function fail({ message, hint, messages, code, exit }: CliError, context: Context): number {
  if (context.json) {
    const facts = {
      ...(hint === undefined ? {} : { hint }),
      ...(messages === undefined ? {} : { messages }),
    };
    context.printJson({ error: { code, message, ...facts } });
    return exit;
  }
  const style = context.noteStyle;
  if (messages !== undefined) context.note(formatMessages(messages, style));
  const [first = '', ...more] = message.split('\n').map(clean);
  context.note(`${style.red('error:')} ${first}\n${more.map((line) => `  ${line}\n`).join('')}`);
  if (hint !== undefined) context.note(`${style.dim('hint:')} ${clean(hint)}\n`);
  return exit;
}
