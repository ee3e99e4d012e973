/** The tree of commands, and how its help looks. */
import { Command } from 'commander';
import { analyzeCommand } from './commands/analyze.js';
import { applyCommand } from './commands/apply.js';
import { caCommand } from './commands/ca.js';
import { completionCommand } from './commands/completion.js';
import { controlCommand } from './commands/control.js';
import { deleteCommand } from './commands/delete.js';
import { explainCommand } from './commands/explain.js';
import { federationCommand } from './commands/federation.js';
import { getCommand } from './commands/get.js';
import { schemaCommand } from './commands/schema.js';
import { statusCommand } from './commands/status.js';
import { testCommand } from './commands/test.js';
import { tokenCommand } from './commands/token.js';
import { cliVersion, versionCommand } from './commands/version.js';
import { type Context, teach } from './context.js';
import { hasColors } from './style.js';

type Make = (context: Context) => Command;

/** In the order in which a newcomer meets them. */
const GROUPS: readonly (readonly [heading: string, commands: readonly Make[]])[] = [
  ['Run the mesh:', [controlCommand, statusCommand, tokenCommand, caCommand, federationCommand]],
  ['Change policy:', [applyCommand, getCommand, deleteCommand]],
  ['Understand policy, without a mesh:', [analyzeCommand, testCommand, explainCommand, schemaCommand]],
];

export function makeProgram(context: Context): Command {
  const program = new Command('heddle')
    .description(
      'Heddle, the service mesh inside the process: run it, change its policy, understand what it decides.',
    )
    .version(cliVersion(), '-V, --version', 'print the version of the command');
  for (const [heading, commands] of GROUPS) {
    for (const make of commands) program.addCommand(make(context).helpGroup(heading));
  }
  const completion = completionCommand(context, () => program);
  for (const command of [completion, versionCommand(context)])
    program.addCommand(command.helpGroup('Other:'));
  program.commandsGroup('Other:').helpCommand('help [command]', 'show the help of a command');
  teach(program, [
    ['heddle control --data ./heddle-data', 'start the config service'],
    ['HEDDLE_DATA=./heddle-data heddle apply -f policy/', 'in another terminal: put policy in force'],
    ['HEDDLE_DATA=./heddle-data heddle status', 'who runs it?'],
  ]);
  settle(program, context, 'heddle');
  program.hook('preAction', (_, command) => {
    const { json, output } = command.opts<{ json?: boolean; output?: string }>();
    context.json = json === true || output === 'json';
  });
  return program;
}

/** Gives a command and all below it the ways of this program: its streams, its colours, no exit of its own. */
function settle(command: Command, context: Context, path: string): void {
  const { io, style, noteStyle } = context;
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.print(text),
      writeErr: (text) => context.note(text),
      outputError: (text, write) => write(text.replace(/^error:/, noteStyle.red('error:'))),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => hasColors(io.stdout, io.env),
      getErrHasColors: () => hasColors(io.stderr, io.env),
    })
    .configureHelp({
      styleTitle: (text) => style.bold(text),
      styleCommandText: (text) => style.cyan(text),
      styleSubcommandText: (text) => style.cyan(text),
      styleOptionText: (text) => style.cyan(text),
      subcommandTerm: (child) => child.name(),
    })
    .helpOption('-h, --help', 'show this')
    .showHelpAfterError(`\`${path} --help\` says how it is used.`);
  if (command.parent !== null) command.helpCommand(false);
  for (const child of command.commands) settle(child, context, `${path} ${child.name()}`);
}
