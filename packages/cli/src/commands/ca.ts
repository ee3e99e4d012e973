import { chmod, readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { type ConnectionOptions, connected, withConnection } from '../connection.js';
import { type Context, teach, withJson } from '../context.js';
import { attempt } from '../files.js';
import { CliError, wrongUsage } from '../io.js';
import {
  caAllowCommand,
  caDenyCommand,
  caInstallCommand,
  caPolicyCommand,
  caRequestCommand,
  caRetireCommand,
  caRotateCommand,
} from './ca-change.js';
import { caImportCommand, caIntermediateCommand, caRootCommand, caSignCommand } from './ca-offline.js';
import { caDeniedCommand, caIssuedCommand, caStatusCommand } from './ca-status.js';

interface RootInfo {
  readonly certificate: string;
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

interface ExportOptions extends ConnectionOptions {
  readonly p12?: boolean;
  readonly out: string;
  readonly passphraseFile: string;
}

interface BundleOptions extends ConnectionOptions {
  readonly out?: string;
}

export function caCommand(context: Context): Command {
  const command = new Command('ca').description(
    "The mesh's certificate authority: its roots and intermediates, what it issued, and who is denied.",
  );
  for (const make of COMMANDS) command.addCommand(make(context));
  return teach(command, [
    ['heddle ca status', 'who signs?'],
    ['heddle ca bundle > roots.pem', 'what others need in order to verify our certificates'],
  ]);
}

const COMMANDS = [
  ...[caStatusCommand, caRotateCommand, caRetireCommand, caIssuedCommand],
  ...[caDenyCommand, caAllowCommand, caDeniedCommand, caPolicyCommand, bundleCommand, exportCommand],
  ...[
    caRootCommand,
    caIntermediateCommand,
    caRequestCommand,
    caSignCommand,
    caImportCommand,
    caInstallCommand,
  ],
];

function bundleCommand(context: Context): Command {
  const command = new Command('bundle')
    .description(
      'Print the root certificates of the mesh as PEM: what others need in order to verify its workloads.',
    )
    .option('--out <file>', 'write it to a file instead')
    .action((options: BundleOptions) => bundle(options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle ca bundle > roots.pem', 'for a program outside of the mesh'],
    ['heddle ca bundle --json', 'with fingerprints and dates'],
  ]);
}

async function bundle(options: BundleOptions, context: Context): Promise<void> {
  const answer = (await connected(options, context.io, (client) => client.json('/v1/ca'))) as {
    trustDomain: string;
    roots: readonly RootInfo[];
  };
  const text = context.json
    ? `${JSON.stringify(answer, null, 2)}\n`
    : answer.roots.map((root) => root.certificate).join('');
  if (options.out === undefined) return context.print(text);
  await write(options.out, text, 0o644);
  context.note(`${answer.roots.length} root(s) of ${answer.trustDomain} written to ${options.out}\n`);
}

function exportCommand(context: Context): Command {
  const command = new Command('export')
    .description(
      'Back up the root: its certificate and private key, encrypted with a passphrase. Keep both apart, and safe.',
    )
    .option('--p12', 'as PKCS#12 (AES-256); the one format there is')
    .requiredOption('--out <file>', 'where to; readable by this user only')
    .requiredOption(
      '--passphrase-file <file>',
      'file whose first line is the passphrase, 8 characters or more',
    )
    .action((options: ExportOptions) => exportAuthority(options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle ca export --p12 --out ca.p12 --passphrase-file passphrase.txt', 'a backup'],
    ['openssl pkcs12 -in ca.p12 -info', 'look into it'],
  ]);
}

async function exportAuthority(
  { p12, out, passphraseFile, ...connection }: ExportOptions,
  context: Context,
): Promise<void> {
  if (p12 !== true) throw wrongUsage('in which format?', 'say --p12');
  const [passphrase = ''] = (await attempt(passphraseFile, readFile(passphraseFile, 'utf8'))).split(/\r?\n/);
  if (passphrase === '')
    throw wrongUsage(`the first line of ${passphraseFile} is empty`, 'write the passphrase there');
  const file = await connected(connection, context.io, (client) =>
    client.bytes('/v1/ca/p12', { method: 'POST', body: { passphrase } }),
  );
  await write(out, file, 0o600);
  if (context.json) context.printJson({ file: out, bytes: file.length });
  else context.print(`the root's certificate and key written to ${out}\n`);
}

async function write(path: string, content: string | Buffer, mode: number): Promise<void> {
  try {
    await writeFile(path, content, { mode });
    // The mode above counts for new files only.
    await chmod(path, mode);
  } catch (error) {
    throw new CliError(`${path} cannot be written: ${(error as Error).message}`);
  }
}
