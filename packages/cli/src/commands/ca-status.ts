/** `heddle ca status`, `issued`, `denied`: what the authority is made of, and what it did. */
import type { CaStatus, DeniedList, IssuedList } from '@heddle/control';
import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from 'heddle/ports';
import { type ConnectionOptions, connected, withConnection } from '../connection.js';
import { type Context, teach, withJson } from '../context.js';
import { relative } from '../duration.js';
import { clean, table } from '../style.js';

export function caStatusCommand(context: Context): Command {
  const command = new Command('status')
    .description(
      'Show the roots and intermediates, how far a change of roots is, and which workloads it waits for.',
    )
    .action((options: ConnectionOptions) => status(options, context));
  return teach(withConnection(withJson(command)), [['heddle ca status', 'who signs, and until when?']]);
}

async function status(options: ConnectionOptions, context: Context): Promise<void> {
  const answer = (await connected(options, context.io, (client) => client.json('/v1/ca'))) as CaStatus;
  if (context.json) return context.printJson(answer);
  const now = systemClock.wallNow();
  const { style } = context;
  const key = (hasKey: boolean) => (hasKey ? 'here' : 'elsewhere');
  const rows = [
    ...answer.roots.map(({ fingerprint, phase, until, notAfter, hasKey }) => [
      ...['root', fingerprint.slice(0, 16), phase, key(hasKey), relative(notAfter, now)],
      until === null
        ? ''
        : `${phase === 'announced' ? 'signs' : 'leaves'} ${relative(until, now)} at the latest`,
    ]),
    ...answer.intermediates.map(({ fingerprint, signs, root, notAfter, hasKey }) => [
      ...['intermediate', fingerprint.slice(0, 16), signs ? 'signing' : 'idle', key(hasKey)],
      ...[relative(notAfter, now), `below ${root.slice(0, 16)}`],
    ]),
  ];
  context.print(table(['KIND', 'FINGERPRINT', 'PHASE', 'KEY', 'ENDS', ''], rows, style));
  if (answer.lagging.length === 0) return;
  const names = answer.lagging.map((name) => `  ${clean(name)}\n`).join('');
  context.print(`\nWorkloads that have not said that they trust these roots:\n${names}`);
}

interface IssuedOptions extends ConnectionOptions {
  readonly id?: string;
  readonly serial?: string;
  readonly tokenId?: string;
  readonly limit: number;
}

export function caIssuedCommand(context: Context): Command {
  const command = new Command('issued')
    .description(
      'List the certificates that were issued, those that live longest first, until a day after their end.',
    )
    .option('--id <spiffe-id>', 'only those of this identity')
    .option('--serial <hex>', 'only the one with this serial number')
    .option('--token-id <id>', 'only those that a join token led to, renewals included')
    .option('--limit <n>', 'how many at most', count, 100)
    .action((options: IssuedOptions) => issued(options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle ca issued --id spiffe://cluster.local/ns/default/sa/reviews', 'who has this identity?'],
    ['heddle ca issued --token-id 3f9c1a77b2 --json', 'what did a token lead to?'],
  ]);
}

async function issued(
  { id, serial, tokenId, limit, ...connection }: IssuedOptions,
  context: Context,
): Promise<void> {
  const query = new URLSearchParams({ limit: String(limit) });
  if (id !== undefined) query.set('id', id);
  if (serial !== undefined) query.set('serial', serial.replaceAll(':', ''));
  if (tokenId !== undefined) query.set('origin', `token:${tokenId}`);
  const path = `/v1/ca/issued?${query}`;
  const answer = (await connected(connection, context.io, (client) => client.json(path))) as IssuedList;
  if (context.json) return context.printJson(answer);
  const now = systemClock.wallNow();
  const rows = answer.items.map((record) => {
    const { serial: number, spiffeId, by, address, issuedAt, notAfter } = record;
    return [spiffeId, relative(issuedAt, now), relative(notAfter, now), clean(by), address, number];
  });
  context.print(table(['SPIFFE ID', 'ISSUED', 'ENDS', 'PROOF', 'ASKED FROM', 'SERIAL'], rows, context.style));
}

export function caDeniedCommand(context: Context): Command {
  const command = new Command('denied')
    .description('Show the deny list: who is refused everywhere, until when, and why.')
    .action((options: ConnectionOptions) => denied(options, context));
  return teach(withConnection(withJson(command)), [['heddle ca denied', 'who is locked out?']]);
}

async function denied(options: ConnectionOptions, context: Context): Promise<void> {
  const answer = (await connected(options, context.io, (client) =>
    client.json('/v1/ca/denied'),
  )) as DeniedList;
  if (context.json) return context.printJson(answer);
  const now = systemClock.wallNow();
  const rows = answer.items.map(({ kind, value, since, until, author, because }) => {
    const end = until === null ? 'never' : relative(until, now);
    return [kind, value, relative(since, now), end, clean(author), clean(because)];
  });
  context.print(table(['KIND', 'VALUE', 'SINCE', 'ENDS', 'BY', 'WHY'], rows, context.style));
}

function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 to 9999.');
  return Number(text);
}
