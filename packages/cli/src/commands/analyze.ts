import { Command, Option } from 'commander';
import { analyze, type Message } from 'heddle/policy';
import { type Context, collect, teach, withJson } from '../context.js';
import { readPolicyFiles } from '../files.js';
import { EXIT } from '../io.js';
import { formatMessages, summary } from '../messages.js';

const LEVELS = ['info', 'warning', 'error'] as const satisfies readonly Message['level'][];

interface AnalyzeOptions {
  readonly filename: readonly string[];
  readonly strict?: boolean;
  readonly failureThreshold: Message['level'];
}

export function analyzeCommand(context: Context): Command {
  const command = new Command('analyze')
    .description('Check policy without a mesh: each resource by itself, and all of them together.')
    .requiredOption(
      '-f, --filename <path...>',
      'file or folder of policy, or - for stdin; may be repeated',
      collect,
    )
    .addOption(
      new Option('--failure-threshold <level>', 'from which level on findings make the exit code 1')
        .choices(LEVELS)
        .default('error'),
    )
    .option('--strict', 'the same as --failure-threshold warning')
    .action((options: AnalyzeOptions) => run(options, context));
  return teach(withJson(command), [
    ['heddle analyze -f policy/', 'before it is applied'],
    ['heddle analyze -f policy/ --strict --json', 'in CI: exit code 1 for warnings too'],
  ]);
}

async function run({ filename, strict, failureThreshold }: AnalyzeOptions, context: Context): Promise<void> {
  const analysis = analyze(await readPolicyFiles(filename, context.io));
  const { messages } = analysis;
  if (context.json) context.printJson({ valid: analysis.valid, messages });
  else context.print(`${formatMessages(messages, context.style)}${summary(messages)}\n`);
  const least = Math.min(
    LEVELS.indexOf(failureThreshold),
    LEVELS.indexOf(strict === true ? 'warning' : 'error'),
  );
  if (messages.some((message) => LEVELS.indexOf(message.level) >= least)) context.exit = EXIT.failure;
}
