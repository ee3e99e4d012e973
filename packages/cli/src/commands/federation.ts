/** `heddle federation`: the foreign trust domains whose peers are believed. */
import { readFile } from 'node:fs/promises';
import type { RelationStatus } from '@heddle/control';
import { Command } from 'commander';
import { systemClock } from 'heddle/ports';
import { type ConnectionOptions, connected, withConnection } from '../connection.js';
import { type Context, teach, withJson } from '../context.js';
import { relative } from '../duration.js';
import { attempt } from '../files.js';
import { wrongUsage } from '../io.js';
import { clean, table } from '../style.js';

interface AddOptions extends ConnectionOptions {
  readonly url?: string;
  readonly spiffeId?: string;
  readonly bundle?: string;
}

export function federationCommand(context: Context): Command {
  const command = new Command('federation').description(
    'Foreign trust domains: whose peers are believed beside our own, and where their bundles come from.',
  );
  for (const make of [listCommand, addCommand, removeCommand]) command.addCommand(make(context));
  return teach(command, [
    [
      'heddle federation add partner.example --url https://partner.example/bundle',
      'believe the identities of another mesh',
    ],
  ]);
}

function listCommand(context: Context): Command {
  const command = new Command('list')
    .description('Show the foreign trust domains, and how their bundles stand.')
    .action((options: ConnectionOptions) => list(options, context));
  return teach(withConnection(withJson(command)), [['heddle federation list', 'whom do we believe?']]);
}

async function list(options: ConnectionOptions, context: Context): Promise<void> {
  const answer = (await connected(options, context.io, (client) => client.json('/v1/federation'))) as {
    items: readonly RelationStatus[];
  };
  if (context.json) return context.printJson(answer);
  const now = systemClock.wallNow();
  const rows = answer.items.map(({ trustDomain, endpoint, bundle, updatedAt, lastError }) => [
    ...[trustDomain, endpoint?.profile ?? 'by hand', clean(endpoint?.url ?? '')],
    bundle === null || updatedAt === null ? 'none yet' : relative(updatedAt, now),
    clean(lastError ?? ''),
  ]);
  context.print(table(['TRUST DOMAIN', 'PROFILE', 'BUNDLE FROM', 'FETCHED', 'ERROR'], rows, context.style));
}

function addCommand(context: Context): Command {
  const command = new Command('add')
    .description(
      'Believe peers of a foreign trust domain; given again, its endpoint and bundle are replaced.',
    )
    .argument('<trust-domain>', 'its name, such as partner.example')
    .option('--url <url>', 'where its SPIFFE bundle is fetched, again and again')
    .option(
      '--spiffe-id <id>',
      "how the server there is recognised (https_spiffe); without it by the platform's roots (https_web)",
    )
    .option('--bundle <file>', 'its SPIFFE bundle, from a way that you trust')
    .action((trustDomain: string, options: AddOptions) => add(trustDomain, options, context));
  return teach(withConnection(withJson(command)), [
    [
      'heddle federation add partner.example --url https://partner.example/bundle',
      'its server has a certificate as web sites have',
    ],
    [
      'heddle federation add partner.example --url https://heddle.partner.example:15010/v1/spiffe-bundle --spiffe-id spiffe://partner.example/ns/heddle-system/sa/control --bundle partner.json',
      'its server is of the foreign mesh itself',
    ],
  ]);
}

async function add(
  trustDomain: string,
  { url, spiffeId, bundle, ...connection }: AddOptions,
  context: Context,
): Promise<void> {
  if (url === undefined && bundle === undefined)
    throw wrongUsage('where does its bundle come from?', 'give --url, --bundle, or both');
  if (url === undefined && spiffeId !== undefined)
    throw wrongUsage('--spiffe-id is about the server at --url', 'give --url, too');
  const body = {
    ...(url !== undefined && { endpoint: endpoint(url, spiffeId) }),
    ...(bundle !== undefined && { bundle: await readBundle(bundle) }),
  };
  const answer = (await connected(connection, context.io, (client) =>
    client.json(pathOf(trustDomain), { method: 'PUT', body }),
  )) as RelationStatus;
  if (context.json) return context.printJson(answer);
  const then =
    answer.bundle === null ? '; its bundle is being fetched, `heddle federation list` shows it' : '';
  context.print(`${trustDomain} federated${then}\n`);
}

function endpoint(url: string, spiffeId: string | undefined) {
  return spiffeId === undefined ? { profile: 'https_web', url } : { profile: 'https_spiffe', url, spiffeId };
}

async function readBundle(file: string): Promise<unknown> {
  const text = await attempt(file, readFile(file, 'utf8'));
  try {
    return JSON.parse(text);
  } catch {
    throw wrongUsage(`${file} is not JSON`, 'a SPIFFE bundle is a JWK Set, as GET /v1/spiffe-bundle answers');
  }
}

function removeCommand(context: Context): Command {
  const command = new Command('remove')
    .description('Believe nobody of a foreign trust domain any more; connections with its peers end.')
    .argument('<trust-domain>', 'as `heddle federation list` shows it')
    .action((trustDomain: string, options: ConnectionOptions) => remove(trustDomain, options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle federation remove partner.example', 'the end of a partnership'],
  ]);
}

async function remove(trustDomain: string, options: ConnectionOptions, context: Context): Promise<void> {
  const answer = await connected(options, context.io, (client) =>
    client.json(pathOf(trustDomain), { method: 'DELETE' }),
  );
  if (context.json) return context.printJson(answer);
  context.print(`${trustDomain} is not federated any more\n`);
}

function pathOf(trustDomain: string): string {
  return `/v1/federation/${encodeURIComponent(trustDomain)}`;
}
