/** `heddle ca root`, `intermediate`, `sign`, `import`: authorities without a config service, on a machine that need not have a network. */
import { createPrivateKey } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { isMeshError, systemClock } from 'heddle/ports';
import {
  crossCertificate,
  fingerprint,
  fromPem,
  type IssuerPair,
  importPkcs12,
  type KeyType,
  makeIntermediate,
  makeRoot,
  parseRequest,
  signIntermediate,
  splitPem,
} from 'heddle/security';
import { type Context, teach, withJson } from '../context.js';
import { parseDuration } from '../duration.js';
import { attempt } from '../files.js';
import { CliError, wrongUsage } from '../io.js';

interface MakeOptions {
  readonly trustDomain: string;
  readonly keyType: KeyType;
  readonly ttl: number;
  readonly out: string;
  readonly previous?: string;
}

interface IntermediateOptions extends MakeOptions {
  readonly root: string;
}

interface SignOptions extends Omit<IntermediateOptions, 'keyType'> {
  readonly file: string;
}

interface ImportOptions {
  readonly p12: string;
  readonly passphraseFile: string;
  readonly out: string;
}

const DAY_MS = 86_400_000;

export function caRootCommand(context: Context): Command {
  const command = making(new Command('root'), 3_650 * DAY_MS, '3650d')
    .description(
      'Make a root on this machine, which needs no network: private key and certificate, in one file.',
    )
    .option(
      '--previous <file>',
      'the root before it: it vouches for the new one, for tokens that know only that',
    )
    .action((options: MakeOptions) => makeRootFile(options, context));
  return teach(withJson(command), [['heddle ca root --out root.pem', 'once; keep the file off the network']]);
}

async function makeRootFile(options: MakeOptions, context: Context): Promise<void> {
  const { trustDomain, keyType, ttl: lifetimeMs, previous } = options;
  const root = await made(() =>
    makeRoot({ trustDomain, keyType, lifetimeMs, wallNow: systemClock.wallNow() }),
  );
  const before = previous === undefined ? undefined : await readPair(previous);
  const vouchers =
    before === undefined ? '' : await made(async () => crossCertificate(before, root.certificate));
  await writeNew(options.out, textOf(root) + vouchers);
  say('root', root, options.out, context);
}

export function caIntermediateCommand(context: Context): Command {
  const command = making(new Command('intermediate'), 90 * DAY_MS, '90d')
    .description(
      'Make an intermediate below a root that lies in a file here: for `heddle control --ca`, or for `heddle ca install` later.',
    )
    .requiredOption('--root <file>', 'PEM: private key and certificate of the root')
    .action((options: IntermediateOptions) => makeIntermediateFile(options, context));
  return teach(withJson(command), [
    ['heddle ca intermediate --root root.pem --out intermediate.pem', 'what the service gets'],
  ]);
}

async function makeIntermediateFile(options: IntermediateOptions, context: Context): Promise<void> {
  const { trustDomain, keyType, ttl: lifetimeMs } = options;
  const root = await readPair(options.root);
  const wallNow = systemClock.wallNow();
  const pair = await made(() => makeIntermediate({ root, trustDomain, keyType, lifetimeMs, wallNow }));
  const above = splitPem('CERTIFICATE', await readFile(options.root, 'utf8')).join('');
  await writeNew(options.out, textOf(pair) + above);
  say('intermediate', pair, options.out, context);
}

export function caSignCommand(context: Context): Command {
  const command = living(new Command('sign'), 90 * DAY_MS, '90d')
    .description(
      'Sign what `heddle ca request` asks for by a root that lies in a file here: an intermediate whose key never leaves its service.',
    )
    .requiredOption('-f, --file <file>', 'the request')
    .requiredOption('--root <file>', 'PEM: private key and certificate of the root')
    .requiredOption('--out <file>', 'where to; must not be there')
    .action((options: SignOptions) => signRequest(options, context));
  return teach(withJson(command), [
    ['heddle ca sign -f request.pem --root root.pem --out intermediate.pem', 'for `heddle ca install`'],
  ]);
}

async function signRequest(options: SignOptions, context: Context): Promise<void> {
  const { trustDomain, ttl: lifetimeMs } = options;
  const root = await readPair(options.root);
  const request = await attempt(options.file, readFile(options.file, 'utf8'));
  const wallNow = systemClock.wallNow();
  const certificate = await made(async () => {
    const { publicKey } = parseRequest(fromPem('CERTIFICATE REQUEST', request));
    return signIntermediate({ root, trustDomain, lifetimeMs, wallNow, publicKey });
  });
  const above = splitPem('CERTIFICATE', await readFile(options.root, 'utf8')).join('');
  await writeNew(options.out, certificate + above);
  say('intermediate', { certificate }, options.out, context);
}

export function caImportCommand(context: Context): Command {
  const command = new Command('import')
    .description('Turn a PKCS#12 file with an authority in it into the PEM that the other commands take.')
    .requiredOption('--p12 <file>', 'the PKCS#12 file')
    .requiredOption('--passphrase-file <file>', 'file whose first line is the passphrase')
    .requiredOption('--out <file>', 'where to; readable by this user only')
    .action((options: ImportOptions) => importFile(options, context));
  return teach(withJson(command), [
    [
      'heddle ca import --p12 company.p12 --passphrase-file passphrase.txt --out root.pem',
      "the company's own root",
    ],
  ]);
}

async function importFile({ p12, passphraseFile, out }: ImportOptions, context: Context): Promise<void> {
  const file = await attempt(p12, readFile(p12));
  const [passphrase = ''] = (await attempt(passphraseFile, readFile(passphraseFile, 'utf8'))).split(/\r?\n/);
  const { key, chain } = await made(() => importPkcs12(file, passphrase));
  const pair = { key, certificate: chain[0]! };
  await writeNew(out, textOf(pair) + chain.slice(1).join(''));
  say('authority', pair, out, context);
}

function making(command: Command, ttlMs: number, ttlText: string): Command {
  const types: readonly KeyType[] = ['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'];
  return living(command, ttlMs, ttlText)
    .addOption(new Option('--key-type <type>', 'of its key').choices(types).default('ec-p256'))
    .requiredOption('--out <file>', 'where to; must not be there, will be readable by this user only');
}

function living(command: Command, ttlMs: number, ttlText: string): Command {
  return command
    .option('--trust-domain <name>', 'of the mesh', 'cluster.local')
    .addOption(
      new Option('--ttl <duration>', 'how long it lives').default(ttlMs, ttlText).argParser(parseDuration),
    );
}

async function readPair(path: string): Promise<IssuerPair> {
  const { mode } = await attempt(path, stat(path));
  if (process.getuid !== undefined && (mode & 0o077) !== 0)
    throw new CliError(`${path} holds a private key, and other users may read it`, {
      hint: `chmod 600 ${path}`,
    });
  const text = await readFile(path, 'utf8');
  const [certificate] = splitPem('CERTIFICATE', text);
  try {
    if (certificate !== undefined) return { certificate, key: createPrivateKey(text) };
  } catch {
    // As if there were none: what OpenSSL says of a key helps nobody.
  }
  throw new CliError(`${path} does not hold a certificate and its private key, unencrypted, in PEM form`);
}

async function made<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (isMeshError(error, 'HEDDLE_INVALID_ARGUMENT')) throw new CliError(error.message);
    throw error;
  }
}

function textOf({ key, certificate }: IssuerPair): string {
  return `${key.export({ type: 'pkcs8', format: 'pem' })}${certificate}`;
}

/** Never in place of another one: that may be the only copy of a root's key. */
async function writeNew(path: string, text: string): Promise<void> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw wrongUsage(`${path} is there already`, 'name another file');
    throw new CliError(`${path} cannot be written: ${(error as Error).message}`);
  }
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function say(
  kind: string,
  { certificate }: Pick<IssuerPair, 'certificate'>,
  file: string,
  context: Context,
): void {
  const sha256 = fingerprint(certificate);
  if (context.json) context.printJson({ file, fingerprint: sha256 });
  else context.print(`${kind} ${sha256.slice(0, 16)} written to ${file}\n`);
}
