/** Which config service, and with which token: flags first, then the environment, as the help of every command says. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { Client } from './client.js';
import { attempt } from './files.js';
import { CliError, type Io, wrongUsage } from './io.js';

export interface ConnectionOptions {
  readonly control?: string;
  readonly tokenFile?: string;
  readonly data?: string;
}

/** Adds the flags that name the config service, under a heading of their own. */
export function withConnection(command: Command): Command {
  const flags: readonly [string, string][] = [
    ['--control <url>', 'config service, e.g. https://control.example:15010 (HEDDLE_CONTROL)'],
    [
      '--token-file <file>',
      "operator's token (HEDDLE_OPERATOR_TOKEN_FILE, or the token itself in HEDDLE_OPERATOR_TOKEN)",
    ],
    ['--data <dir>', "on the service's own machine: its data directory, which holds both (HEDDLE_DATA)"],
  ];
  for (const [flag, meaning] of flags) command.addOption(new Option(flag, meaning).helpGroup('Connection:'));
  return command;
}

/** Runs `use` with a connection, and closes it. */
export async function connected<T>(
  options: ConnectionOptions,
  io: Io,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const url = await findUrl(options, io.env);
  const client = await Client.connect(
    url,
    url.protocol === 'http:' ? null : await findToken(options, io.env),
  );
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function findUrl({ control, data }: ConnectionOptions, env: Io['env']): Promise<URL> {
  const given = control ?? (data === undefined ? value(env, 'HEDDLE_CONTROL') : undefined);
  const directory = data ?? value(env, 'HEDDLE_DATA');
  if (given !== undefined) return checkUrl(given, control === undefined ? 'HEDDLE_CONTROL' : '--control');
  if (directory === undefined) {
    throw wrongUsage(
      'which config service? Nothing names one',
      'use --control URL with --token-file FILE, or --data DIR on its own machine; HEDDLE_CONTROL, HEDDLE_OPERATOR_TOKEN_FILE and HEDDLE_DATA do the same',
    );
  }
  const path = join(directory, 'control.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const hint = `start it with \`heddle control --data ${directory}\`, or name it with --control`;
    if ((error as NodeJS.ErrnoException).code === 'EACCES')
      throw new CliError(`${path} may not be read by this user`);
    throw new CliError(`no config service has been started in ${directory}`, { hint });
  }
  try {
    return checkUrl((JSON.parse(text) as { url: string }).url, path);
  } catch {
    throw new CliError(`${path} does not say where the config service is`, {
      hint: 'start the service again',
    });
  }
}

function checkUrl(text: string, from: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw wrongUsage(`${from}: ${text} is not an http(s) URL, such as https://127.0.0.1:15010`);
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw wrongUsage(
      `${from}: ${text} is in plain text, which a service in dev mode speaks on its own machine only; use https://`,
    );
  }
  return url;
}

async function findToken({ tokenFile, data }: ConnectionOptions, env: Io['env']): Promise<string> {
  const file =
    tokenFile ??
    (data === undefined ? undefined : join(data, 'operator.token')) ??
    (value(env, 'HEDDLE_OPERATOR_TOKEN') === undefined
      ? value(env, 'HEDDLE_OPERATOR_TOKEN_FILE')
      : undefined);
  if (file !== undefined) return (await attempt(file, readFile(file, 'utf8'))).trim();
  const token = value(env, 'HEDDLE_OPERATOR_TOKEN');
  if (token !== undefined) return token;
  const directory = value(env, 'HEDDLE_DATA');
  if (directory !== undefined) {
    const path = join(directory, 'operator.token');
    return (await attempt(path, readFile(path, 'utf8'))).trim();
  }
  throw wrongUsage(
    'an operator token is needed',
    'give a file with --token-file or HEDDLE_OPERATOR_TOKEN_FILE, or the token in HEDDLE_OPERATOR_TOKEN; the first one lies in operator.token in the data directory of the service',
  );
}

function value(env: Io['env'], name: string): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}
