import type { Revoked, TokenInfo } from '@heddle/control';
import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from 'heddle/ports';
import { type ConnectionOptions, connected, withConnection } from '../connection.js';
import { type Context, teach, withJson } from '../context.js';
import { parseDuration, relative } from '../duration.js';
import { wrongUsage } from '../io.js';
import { table } from '../style.js';

interface CreateOptions extends ConnectionOptions {
  readonly serviceAccount?: string;
  readonly namespace: string;
  readonly ttl: number;
  readonly uses?: number;
  readonly name?: string;
  readonly operator?: boolean;
}

export function tokenCommand(context: Context): Command {
  const command = new Command('token').description(
    'Make, list and revoke tokens: a workload joins the mesh with one, an operator administers it with one.',
  );
  for (const make of [createCommand, listCommand, revokeCommand]) command.addCommand(make(context));
  return teach(command, [
    ['heddle token create --service-account reviews > reviews.token', 'let a service join'],
  ]);
}

function createCommand(context: Context): Command {
  const command = new Command('create')
    .description('Make a token. Only the token goes to stdout, and it is shown this once.')
    .option('--service-account <name>', 'service account whose identity a workload gets for it')
    .option('-n, --namespace <name>', 'namespace of the service account', 'default')
    .addOption(
      new Option('--ttl <duration>', 'how long it is good for, such as 30m, 24h or 7d')
        .default(86_400_000, '24h')
        .argParser(parseDuration),
    )
    .addOption(
      new Option(
        '--uses <n>',
        'how many certificates may be asked for with it; any number by default',
      ).argParser(whole),
    )
    .option('--name <text>', 'what it is for, for the list')
    .option('--operator', "an operator's token instead: it may do everything but be a workload")
    .action((options: CreateOptions) => create(options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle token create --service-account reviews --uses 1 > reviews.token', 'for one process, in a file'],
    ['export HEDDLE_TOKEN=$(heddle token create --service-account reviews)', 'in a variable'],
    ['heddle token create --operator --ttl 8h --name "on call"', 'for a colleague'],
  ]);
}

async function create(options: CreateOptions, context: Context): Promise<void> {
  const { serviceAccount, namespace, ttl, uses, name, operator = false } = options;
  if (operator === (serviceAccount !== undefined)) {
    throw wrongUsage('whom is the token for?', 'give --service-account NAME, or --operator');
  }
  const body = {
    ...(operator ? { kind: 'operator' } : { kind: 'join', namespace, serviceAccount }),
    ttlMs: ttl,
    ...(uses === undefined ? {} : { uses }),
    ...(name === undefined ? {} : { name }),
  };
  const { token, info } = (await connected(options, context.io, (client) =>
    client.json('/v1/tokens', { method: 'POST', body }),
  )) as { token: string; info: TokenInfo };
  if (context.json) return context.printJson({ token, info });
  context.print(`${token}\n`);
  const expires =
    info.expiresAt === null
      ? 'it does not expire'
      : `it expires ${relative(info.expiresAt, systemClock.wallNow())}`;
  context.note(context.noteStyle.dim(`token ${info.id} for ${subjectOf(info)}; ${expires}`));
  context.note('\n');
}

function listCommand(context: Context): Command {
  const command = new Command('list')
    .description('Show the tokens there are, without their secrets.')
    .action((options: ConnectionOptions) => list(options, context));
  return teach(withConnection(withJson(command)), [['heddle token list', 'who could join?']]);
}

async function list(options: ConnectionOptions, context: Context): Promise<void> {
  const answer = (await connected(options, context.io, (client) => client.json('/v1/tokens'))) as {
    items: readonly TokenInfo[];
  };
  if (context.json) return context.printJson(answer);
  const now = systemClock.wallNow();
  const { style } = context;
  const rows = answer.items.map((info) => {
    const { id, kind, name, createdAt, expiresAt, usesLeft } = info;
    const over = (expiresAt !== null && expiresAt <= now) || usesLeft === 0;
    const paint = over ? style.dim : (text: string) => text;
    const cells = [
      id,
      kind,
      subjectOf(info),
      relative(createdAt, now),
      expiresAt === null ? 'never' : relative(expiresAt, now),
      usesLeft === null ? 'any' : String(usesLeft),
      name ?? '',
    ];
    return cells.map((text) => ({ text, paint }));
  });
  context.print(table(['ID', 'KIND', 'FOR', 'CREATED', 'EXPIRES', 'USES LEFT', 'NAME'], rows, style));
}

function revokeCommand(context: Context): Command {
  const command = new Command('revoke')
    .description(
      'Make a token worthless, at once: nobody joins with it any more, and the certificates of whoever did are not renewed.',
    )
    .argument('<id>', 'as `heddle token list` shows it: the second part of the token')
    .option('--deny', 'refuse those certificates everywhere, at once, instead of when they end')
    .action((id: string, options: RevokeOptions) => revoke(id, options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle token revoke 3f9c1a77b2', 'a token that is needed no more'],
    ['heddle token revoke 3f9c1a77b2 --deny', 'a token that got lost: whoever joined with it is cut off now'],
  ]);
}

interface RevokeOptions extends ConnectionOptions {
  readonly deny?: boolean;
}

async function revoke(id: string, { deny, ...options }: RevokeOptions, context: Context): Promise<void> {
  if (!/^[a-z0-9]{1,32}$/.test(id))
    throw wrongUsage('that is not the ID of a token', '`heddle token list` shows the IDs');
  const path = `/v1/tokens/${id}${deny === true ? '?certificates=deny' : ''}`;
  const answer = (await connected(options, context.io, (client) =>
    client.json(path, { method: 'DELETE' }),
  )) as Revoked;
  if (context.json) return context.printJson(answer);
  const { certificates, until } = answer;
  const ends = until === null ? '' : `, the last ends ${relative(until, systemClock.wallNow())}`;
  const fate = deny === true ? 'are refused from now on' : `are not renewed${ends}`;
  const led = certificates === 0 ? '' : `; ${certificates} certificates that it led to ${fate}`;
  context.print(`token ${id} revoked${led}\n`);
}

function subjectOf({ kind, namespace, serviceAccount }: TokenInfo): string {
  return kind === 'operator' ? 'operators' : `${namespace}/${serviceAccount}`;
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
}
