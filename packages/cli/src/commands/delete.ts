import { Argument, Command } from 'commander';
import { parseResources } from 'heddle/policy';
import type { Client } from '../client.js';
import { type ConnectionOptions, connected, withConnection } from '../connection.js';
import { type Context, collect, teach, withJson } from '../context.js';
import { readPolicyFiles } from '../files.js';
import { CliError, wrongUsage } from '../io.js';
import { parseKind } from '../kinds.js';
import { clean } from '../style.js';

interface DeleteOptions extends ConnectionOptions {
  readonly namespace: string;
  readonly filename?: readonly string[];
  readonly ignoreNotFound?: boolean;
}

interface Target {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

interface Deletion extends Target {
  readonly result: 'deleted' | 'not_found';
}

export function deleteCommand(context: Context): Command {
  const command = new Command('delete')
    .description('Take policy out of force: one resource by its name, or all that files hold.')
    .addArgument(new Argument('[kind]', 'e.g. VirtualService, virtualservices or vs').argParser(parseKind))
    .argument('[name]', 'of the resource')
    .option('-n, --namespace <name>', 'namespace of the resource', 'default')
    .option('-f, --filename <path...>', 'instead: what this file or folder holds, or - for stdin', collect)
    .option('--ignore-not-found', 'what is not there counts as deleted')
    .action((kind: string | undefined, name: string | undefined, options: DeleteOptions) =>
      remove({ kind, name }, options, context),
    );
  return teach(withConnection(withJson(command)), [
    ['heddle delete vs reviews', 'one resource'],
    ['heddle delete -f policy/', 'all that a folder holds'],
  ]);
}

async function remove(
  named: { kind: string | undefined; name: string | undefined },
  options: DeleteOptions,
  context: Context,
): Promise<void> {
  const targets = await targetsOf(named, options, context);
  const results: Deletion[] = [];
  let revision: number | null = null;
  await connected(options, context.io, async (client) => {
    for (const target of targets) {
      const at = await removeOne(client, target);
      revision = at ?? revision;
      results.push({ ...target, result: at === null ? 'not_found' : 'deleted' });
    }
  });
  if (context.json) context.printJson({ revision, results });
  else for (const result of results) say(result, context);
  if (options.ignoreNotFound !== true && results.some(({ result }) => result === 'not_found'))
    context.exit = 1;
}

function say({ kind, namespace, name, result }: Deletion, context: Context): void {
  const subject = clean(`${kind} ${namespace}/${name}`);
  if (result === 'deleted') context.print(`${subject} ${context.style.red('deleted')}\n`);
  else context.note(`${subject} is not there\n`);
}

/** The revision after it; null if it was not there. */
async function removeOne(client: Client, { kind, namespace, name }: Target): Promise<number | null> {
  const path = [kind, namespace, name].map(encodeURIComponent).join('/');
  try {
    const answer = (await client.json(`/v1/resources/${path}`, { method: 'DELETE' })) as { revision: number };
    return answer.revision;
  } catch (error) {
    if (error instanceof CliError && error.code === 'not_found') return null;
    throw error;
  }
}

async function targetsOf(
  { kind, name }: { kind: string | undefined; name: string | undefined },
  { filename, namespace }: DeleteOptions,
  { io }: Context,
): Promise<readonly Target[]> {
  if (filename === undefined) {
    if (kind !== undefined && name !== undefined) return [{ kind, namespace, name }];
    throw wrongUsage('delete what?', 'give a kind and a name, or files with -f');
  }
  if (kind !== undefined) throw wrongUsage('give either a kind and a name, or files with -f');
  const { resources, messages } = parseResources(await readPolicyFiles(filename, io));
  const errors = messages.filter(({ level }) => level === 'error');
  if (errors.length > 0)
    throw new CliError('nothing was deleted: the files cannot be read', { messages: errors });
  return resources.map(({ resource }) => {
    return { kind: resource.kind, namespace: resource.metadata.namespace, name: resource.metadata.name };
  });
}
