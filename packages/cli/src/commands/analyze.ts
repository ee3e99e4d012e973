import { Command, Option } from 'commander';
import { analyze, type Message, readSuppression, type Suppression, suppresses } from 'heddle/policy';
import { type Context, collect, teach, withJson } from '../context.js';
import { readPolicyFiles } from '../files.js';
import { EXIT, wrongUsage } from '../io.js';
import { formatMessages, summary } from '../messages.js';

const LEVELS = ['info', 'warning', 'error'] as const satisfies readonly Message['level'][];

interface AnalyzeOptions {
  readonly filename: readonly string[];
  readonly strict?: boolean;
  readonly failureThreshold: Message['level'];
  readonly suppress?: readonly string[];
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
    .option(
      '-S, --suppress <finding>',
      'leave out findings of one code: "CODE=Kind name.namespace", * for any; may be repeated',
      collect,
    )
    .action((options: AnalyzeOptions) => run(options, context));
  return teach(withJson(command), [
    ['heddle analyze -f policy/', 'before it is applied'],
    ['heddle analyze -f policy/ --strict --json', 'in CI: exit code 1 for warnings too'],
    ["heddle analyze -f policy/ --suppress 'IST0174=DestinationRule *.legacy'", 'known, and to be left'],
  ]);
}

async function run(options: AnalyzeOptions, context: Context): Promise<void> {
  const suppressions = (options.suppress ?? []).map(readOne);
  const unreadable: Message[] = [];
  const files = await readPolicyFiles(options.filename, context.io, (message) => unreadable.push(message));
  const found = [...unreadable, ...analyze(files).messages];
  const messages = found.filter((message) => !suppressions.some((one) => suppresses(one, message)));
  const valid = messages.every(({ level }) => level !== 'error');
  if (context.json) context.printJson({ valid, messages });
  else context.print(`${formatMessages(messages, context.style)}${summary(messages)}\n`);
  const least = Math.min(
    LEVELS.indexOf(options.failureThreshold),
    LEVELS.indexOf(options.strict === true ? 'warning' : 'error'),
  );
  if (messages.some((message) => LEVELS.indexOf(message.level) >= least)) context.exit = EXIT.failure;
}

function readOne(text: string): Suppression {
  const suppression = readSuppression(text);
  if (suppression === null)
    throw wrongUsage(
      `--suppress '${text}' cannot be read`,
      'write "CODE=Kind name.namespace", e.g. "IST0101=VirtualService reviews.default"',
    );
  return suppression;
}
