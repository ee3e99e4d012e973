import type { ApplyAnswer } from '@heddle/control';
import { Command } from 'commander';
import { type ConnectionOptions, connected, withConnection } from '../connection.js';
import { type Context, collect, teach, withJson } from '../context.js';
import { readPolicyFiles } from '../files.js';
import { CliError } from '../io.js';
import { formatMessages } from '../messages.js';
import { clean } from '../style.js';

/** So that the service's findings name file and line as they are here. */
const FILES_TYPE = 'application/vnd.heddle.files+json';

interface ApplyOptions extends ConnectionOptions {
  readonly filename: readonly string[];
  readonly strict?: boolean;
  readonly dryRun?: boolean;
}

export function applyCommand(context: Context): Command {
  const command = new Command('apply')
    .description('Put policy in force: all of it in one step, or, if anything in it is wrong, none of it.')
    .requiredOption(
      '-f, --filename <path...>',
      'file or folder of policy, or - for stdin; may be repeated',
      collect,
    )
    .option(
      '--strict',
      'refuse policy in which analysis finds errors too, such as a route to an unknown host',
    )
    .option('--dry-run', 'say what would change, and change nothing')
    .action((options: ApplyOptions) => apply(options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle apply -f policy/', 'everything in a folder'],
    ['heddle apply -f reviews.yaml --dry-run', 'what would it change?'],
    ["sed 's/weight: 80/weight: 0/' reviews.yaml | heddle apply -f -", 'from another program'],
  ]);
}

async function apply(options: ApplyOptions, context: Context): Promise<void> {
  const files = await readPolicyFiles(options.filename, context.io);
  const query = `strict=${options.strict === true}&dryRun=${options.dryRun === true}`;
  const answer = (await connected(options, context.io, (client) =>
    client.json(`/v1/apply?${query}`, { method: 'POST', type: FILES_TYPE, body: { files } }),
  )) as ApplyAnswer;
  // An upstream program that failed pipes nothing: that is no policy put in force.
  if (answer.results.length === 0) throw new CliError('there is nothing to apply: no resource was found');
  if (context.json) return context.printJson(answer);
  const { style } = context;
  const paint = { created: style.green, configured: style.yellow, unchanged: style.dim };
  for (const { kind, namespace, name, result } of answer.results) {
    context.print(`${clean(`${kind} ${namespace}/${name}`)} ${paint[result](result)}\n`);
  }
  const done =
    options.dryRun === true ? 'nothing was changed (dry run); the policy is at' : 'the policy is at';
  context.print(style.dim(`${done} revision ${answer.revision}`));
  context.print('\n');
  context.note(formatMessages(answer.messages, context.noteStyle));
}
