/** `--help` of every command of `heddle`, as it prints it. */
import { run } from '@heddle/cli';

export interface Help {
  /** `heddle token create`. */
  readonly name: string;
  readonly text: string;
}

/** The command itself first, then each command followed by those below it. */
export const HELP: readonly Help[] = await collect([]);

async function collect(command: readonly string[]): Promise<Help[]> {
  const text = await help(command);
  const found = [{ name: ['heddle', ...command].join(' '), text }];
  for (const inner of commandsIn(text)) found.push(...(await collect([...command, inner])));
  return found;
}

/** Two spaces, a name and what it is for; arguments are listed under a head of their own, options start with a dash. */
function commandsIn(text: string): string[] {
  const found: string[] = [];
  let head = '';
  for (const line of text.split('\n')) {
    if (/^\S.*:$/.test(line)) head = line;
    const name = /^ {2}([a-z]+)(?: |$)/.exec(line)?.[1];
    if (name !== undefined && name !== 'help' && !/^(Arguments|Options|Examples|Connection):/.test(head))
      found.push(name);
  }
  return found;
}

async function help(command: readonly string[]): Promise<string> {
  let text = '';
  const output = { columns: 100, write: (part: string) => void (text += part) };
  const nothing = (async function* () {})();
  const io = { stdin: nothing, stdout: output, stderr: output, env: { NO_COLOR: '1' } };
  const exit = await run([...command, '--help'], io);
  if (exit !== 0) throw new Error(`heddle ${command.join(' ')} --help: exit ${exit}\n${text}`);
  return text;
}
