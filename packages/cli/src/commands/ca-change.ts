/** `heddle ca rotate`, `request`, `install`, `retire`, `deny`, `allow`, `policy`: changes of the authority that runs. */
import { readFile, writeFile } from 'node:fs/promises';
import { Argument, Command, Option } from 'commander';
import { type ConnectionOptions, connected, withConnection } from '../connection.js';
import { type Context, teach, withJson } from '../context.js';
import { parseDuration } from '../duration.js';
import { attempt } from '../files.js';
import { wrongUsage } from '../io.js';

interface RotateOptions extends ConnectionOptions {
  readonly wait?: number;
}

interface InstallOptions extends RotateOptions {
  readonly file: string;
}

export function caRotateCommand(context: Context): Command {
  const command = new Command('rotate')
    .description(
      'Replace the intermediate, at once, or the root: the new one is told to all workloads first, signs once all that are connected trust it, and the old one leaves when its last certificate has ended.',
    )
    .addArgument(new Argument('<what>').choices(['root', 'intermediate']))
    .addOption(wait())
    .action((what: string, options: RotateOptions) => rotate(what, options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle ca rotate intermediate', 'sign by another key from now on'],
    ['heddle ca rotate root', 'begin with a new root; `heddle ca status` shows how far it is'],
  ]);
}

async function rotate(
  what: string,
  { wait: waitMs, ...connection }: RotateOptions,
  context: Context,
): Promise<void> {
  const body = { what, ...(what === 'root' && waitMs !== undefined ? { waitMs } : {}) };
  const answer = await post('/v1/ca/rotate', body, connection, context);
  if (context.json) return context.printJson(answer);
  const name = String(answer.fingerprint).slice(0, 16);
  context.print(
    what === 'root'
      ? `root ${name} announced; \`heddle ca status\` shows how far it is\n`
      : `intermediate ${name} signs\n`,
  );
}

interface RequestOptions extends ConnectionOptions {
  readonly out?: string;
}

export function caRequestCommand(context: Context): Command {
  const command = new Command('request')
    .description(
      'Have the service make the key of its next intermediate, and print the request to be signed where the root is. The key never leaves the service.',
    )
    .option('--out <file>', 'write it to a file instead')
    .action((options: RequestOptions) => requestIntermediate(options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle ca request --out request.pem', 'then `heddle ca sign` elsewhere, and `heddle ca install`'],
  ]);
}

async function requestIntermediate({ out, ...connection }: RequestOptions, context: Context): Promise<void> {
  const answer = await post('/v1/ca/request', {}, connection, context);
  const text = context.json ? `${JSON.stringify(answer, null, 2)}\n` : String(answer.request);
  if (out === undefined) return context.print(text);
  await attempt(out, writeFile(out, text));
  context.note(`request written to ${out}\n`);
}

export function caInstallCommand(context: Context): Command {
  const command = new Command('install')
    .description(
      'Bring an authority: an intermediate of the present root signs at once; with another root the change of roots begins. It comes with its key, or was signed for `heddle ca request`.',
    )
    .requiredOption(
      '-f, --file <file>',
      'PEM: private key unless it was requested, certificate, those above it, the root',
    )
    .addOption(wait())
    .action((options: InstallOptions) => install(options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle ca install -f intermediate.pem', 'from a root that is kept elsewhere'],
  ]);
}

async function install(
  { file, wait: waitMs, ...connection }: InstallOptions,
  context: Context,
): Promise<void> {
  const pem = await attempt(file, readFile(file, 'utf8'));
  const body = { pem, ...(waitMs === undefined ? {} : { waitMs }) };
  const answer = await post('/v1/ca/install', body, connection, context);
  if (context.json) return context.printJson(answer);
  const does = answer.what === 'root' ? 'announced; `heddle ca status` shows how far it is' : 'signs';
  context.print(`${answer.what} ${String(answer.fingerprint).slice(0, 16)} ${does}\n`);
}

export function caRetireCommand(context: Context): Command {
  const command = new Command('retire')
    .description(
      'Take a root out of the trust bundle, at once. Whoever still has a certificate below it is cut off until it has another one.',
    )
    .argument('<root>', 'its fingerprint as `heddle ca status` shows it, or the first 8 digits or more')
    .action((root: string, options: ConnectionOptions) => retire(root, options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle ca retire 3f9c1a77b2', 'a root whose key got lost'],
  ]);
}

async function retire(root: string, options: ConnectionOptions, context: Context): Promise<void> {
  const answer = await post('/v1/ca/retire', { root }, options, context);
  if (context.json) return context.printJson(answer);
  context.print(`root ${String(answer.fingerprint).slice(0, 16)} left the bundle\n`);
}

interface DenyOptions extends ConnectionOptions {
  readonly id?: string;
  readonly serial?: string;
  readonly key?: string;
  readonly because?: string;
  readonly ttl?: number;
}

export function caDenyCommand(context: Context): Command {
  const command = subject(new Command('deny'))
    .description(
      'Refuse an identity, a certificate or a key everywhere within a second: for new connections, those that live, and for renewal.',
    )
    .option('--because <text>', 'why, for the list')
    .addOption(
      new Option('--ttl <duration>', 'for how long; a certificate until it ends, others for good').argParser(
        parseDuration,
      ),
    )
    .action((options: DenyOptions) => deny('/v1/ca/denied', 'denied', options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle ca deny --id spiffe://cluster.local/ns/default/sa/reviews', 'all replicas of a service'],
    ['heddle ca deny --serial 480793ab5d… --because "laptop stolen"', 'one certificate'],
  ]);
}

export function caAllowCommand(context: Context): Command {
  const command = subject(new Command('allow'))
    .description('Take something off the deny list.')
    .action((options: DenyOptions) => deny('/v1/ca/allowed', 'allowed', options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle ca allow --id spiffe://cluster.local/ns/default/sa/reviews', 'it may come back'],
  ]);
}

async function deny(path: string, done: string, options: DenyOptions, context: Context): Promise<void> {
  const { id, serial, key, because, ttl, ...connection } = options;
  const given = Object.entries({ id, serial, key }).filter(([, value]) => value !== undefined);
  const [only] = given;
  if (only === undefined || given.length > 1)
    throw wrongUsage('whom?', 'give one of --id, --serial and --key');
  const [kind, value] = only;
  const more = {
    ...(because === undefined ? {} : { because }),
    ...(ttl === undefined ? {} : { ttlMs: ttl }),
  };
  const answer = await post(path, { kind, value, ...more }, connection, context);
  if (context.json) return context.printJson(answer);
  context.print(`${kind} ${value} ${done}\n`);
}

function subject(command: Command): Command {
  return command
    .option('--id <spiffe-id>', 'an identity')
    .option('--serial <hex>', 'a certificate, by its serial number')
    .option('--key <hex>', 'a key, by its identifier: of a workload, or of an authority and all below it');
}

interface PolicyOptions extends ConnectionOptions {
  readonly file?: string;
}

export function caPolicyCommand(context: Context): Command {
  const command = new Command('policy')
    .description('Print who may get which identity, and for how long; with a file, replace it.')
    .option('-f, --file <file>', 'YAML or JSON; `rules: []` takes every proof for its identity')
    .action((options: PolicyOptions) => policy(options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle ca policy -f issuance.yaml', 'put rules in force'],
    ['heddle ca policy', 'what holds?'],
  ]);
}

async function policy({ file, ...connection }: PolicyOptions, context: Context): Promise<void> {
  const yaml = file === undefined ? undefined : await attempt(file, readFile(file, 'utf8'));
  const request = yaml === undefined ? {} : ({ method: 'PUT', body: { yaml } } as const);
  const answer = await connected(connection, context.io, (client) => client.json('/v1/ca/policy', request));
  context.printJson(answer);
}

function wait(): Option {
  return new Option(
    '--wait <duration>',
    'sign by the new root after that time, even if workloads have not said that they trust it; an hour by default',
  ).argParser(parseDuration);
}

async function post(path: string, body: unknown, options: ConnectionOptions, context: Context) {
  const answer = await connected(options, context.io, (client) =>
    client.json(path, { method: 'POST', body }),
  );
  return answer as Readonly<Record<string, unknown>>;
}
