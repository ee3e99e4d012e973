import { Argument, Command, Option } from 'commander';
import type { Resource } from 'heddle/policy';
import { systemClock } from 'heddle/ports';
import { type ConnectionOptions, connected, withConnection } from '../connection.js';
import { type Context, teach } from '../context.js';
import { formatDuration } from '../duration.js';
import { wrongUsage } from '../io.js';
import { parseKind } from '../kinds.js';
import { table } from '../style.js';

interface GetOptions extends ConnectionOptions {
  readonly namespace: string;
  readonly allNamespaces?: boolean;
  readonly output?: 'table' | 'yaml' | 'json';
  readonly json?: boolean;
}

interface ResourceList {
  readonly revision: number;
  readonly items: readonly Resource[];
}

export function getCommand(context: Context): Command {
  const command = new Command('get')
    .description('Show the policy that is in force: all of a namespace, all of a kind, or one resource.')
    .addArgument(new Argument('[kind]', 'e.g. VirtualService, virtualservices or vs').argParser(parseKind))
    .argument('[name]', 'of one resource')
    .option('-n, --namespace <name>', 'namespace to look in', 'default')
    .option('-A, --all-namespaces', 'look in all namespaces')
    .addOption(new Option('-o, --output <format>', 'how to show it').choices(['table', 'yaml', 'json']))
    .option('--json', 'the same as -o json')
    .action((kind: string | undefined, name: string | undefined, options: GetOptions) =>
      get({ kind, name }, options, context),
    );
  return teach(withConnection(command), [
    ['heddle get -A', 'everything'],
    [
      'heddle get vs reviews -o yaml > reviews.yaml',
      'one resource as a file that can be changed and applied',
    ],
  ]);
}

async function get(
  { kind, name }: { kind: string | undefined; name: string | undefined },
  options: GetOptions,
  context: Context,
): Promise<void> {
  const { namespace, allNamespaces = false } = options;
  const output = options.output ?? (options.json === true ? 'json' : 'table');
  if (name !== undefined && allNamespaces)
    throw wrongUsage('a name is of one namespace: leave -A out, or the name');
  const query = new URLSearchParams(kind === undefined ? {} : { kind });
  if (!allNamespaces) query.set('namespace', namespace);
  if (output === 'yaml') query.set('format', 'yaml');
  const one =
    name === undefined ? '' : `/${kind}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  await connected(options, context.io, async (client) => {
    const path = `/v1/resources${one}?${query}`;
    if (output === 'yaml') return context.print((await client.bytes(path)).toString());
    const answer = await client.json(path);
    if (output === 'json') return context.printJson(answer);
    const items = one === '' ? (answer as ResourceList).items : [answer as Resource];
    if (items.length > 0) return context.print(resourceTable(items, context));
    const where = allNamespaces ? 'any namespace' : `namespace ${namespace}`;
    context.note(`There is no ${kind ?? 'policy'} in ${where}${allNamespaces ? '' : '; -A looks in all'}.\n`);
  });
}

function resourceTable(items: readonly Resource[], { style }: Context): string {
  const now = systemClock.wallNow();
  const rows = items.map(({ kind, metadata }) => {
    const { namespace, name, creationTimestamp = '', resourceVersion = '' } = metadata;
    const age = now - Date.parse(creationTimestamp);
    return [namespace, kind, name, resourceVersion, Number.isNaN(age) ? '' : formatDuration(age)];
  });
  return table(['NAMESPACE', 'KIND', 'NAME', 'REVISION', 'AGE'], rows, style);
}
