import { resolve } from 'node:path';
import type { Control, ControlOptions, Log } from '@heddle/control';
import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from 'heddle/ports';
import type { KeyType } from 'heddle/security';
import { type Context, collect, teach, withJson } from '../context.js';
import { parseDuration } from '../duration.js';
import { CliError, wrongUsage } from '../io.js';
import { type MeshOptions, pathNormalization, TRUST_DOMAIN_ALIAS } from '../mesh-options.js';
import { clean } from '../style.js';

/** Where Istio's control plane is. */
const DEFAULT_PORT = 15_010;

interface ControlCommandOptions extends MeshOptions {
  readonly data?: string;
  readonly address: string;
  readonly port: number;
  readonly trustDomain: string;
  readonly svidTtl: number;
  readonly ca?: string;
  readonly caKeyType: KeyType;
  readonly outboundTrafficPolicy: 'REGISTRY_ONLY' | 'ALLOW_ANY';
  readonly dev?: boolean;
  readonly kubernetesIssuer?: string;
  readonly kubernetesAudience?: readonly string[];
  readonly kubernetesJwks?: string;
  readonly kubernetesCa?: string;
  readonly kubernetesToken?: string;
  readonly federationCa?: string;
}

export function controlCommand(context: Context): Command {
  const command = new Command('control')
    .description(
      'Run the config service: it keeps the policy, hands it to workloads and issues their certificates.',
    )
    .option('--data <dir>', 'where its state lies; made if it is not there (HEDDLE_DATA)')
    .option(
      '--address <ip>',
      'to listen on; other machines reach it only if it is not a loopback address',
      '127.0.0.1',
    )
    .addOption(
      new Option('--port <n>', 'to listen on; 0: any that is free').default(DEFAULT_PORT).argParser(port),
    )
    .option('--trust-domain <name>', 'of the identities it issues; cannot be changed later', 'cluster.local')
    .option(...TRUST_DOMAIN_ALIAS, collect)
    .addOption(
      new Option('--svid-ttl <duration>', 'how long certificates live; workloads renew them at half of that')
        .default(3_600_000, '1h')
        .argParser(parseDuration),
    )
    .option(
      '--ca <file>',
      'authority to begin with instead of one of its own: PEM with a private key, its certificate, those above it',
    )
    .addOption(
      new Option('--ca-key-type <type>', 'of the roots and intermediates that it makes')
        .choices(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'])
        .default('ec-p256'),
    )
    .addOption(
      new Option('--outbound-traffic-policy <policy>', 'what becomes of calls to hosts that nobody knows')
        .choices(['REGISTRY_ONLY', 'ALLOW_ANY'])
        .default('REGISTRY_ONLY'),
    )
    .addOption(pathNormalization())
    .option(
      '--kubernetes-issuer <url>',
      'cluster whose service accounts may join with their projected tokens',
    )
    .option('--kubernetes-audience <name>', 'that such a token must be for (heddle)', collect)
    .option(
      '--kubernetes-jwks <file|url>',
      "its public keys, where the issuer's own document is not to be asked",
    )
    .option('--kubernetes-ca <file>', 'roots of the server that its keys are fetched from, PEM')
    .option('--kubernetes-token <file>', 'token to show to that server')
    .option(
      '--federation-ca <file>',
      "roots of the servers of foreign trust domains' bundles, PEM; the platform's by default",
    )
    .option('--dev', 'plain HTTP without credentials, on this machine only: for trying things out')
    .action((options: ControlCommandOptions) => run(options, context));
  return teach(withJson(command), [
    ['heddle control --data ./heddle-data', 'for this machine'],
    ['heddle control --data /var/lib/heddle --address 0.0.0.0', 'for other machines too'],
    [
      'heddle control --data /var/lib/heddle --kubernetes-issuer https://kubernetes.default.svc.cluster.local --kubernetes-jwks jwks.json',
      'pods join as their service accounts',
    ],
    ['heddle control --data /tmp/try --dev', 'no TLS and no tokens, to try things out'],
  ]);
}

async function run(options: ControlCommandOptions, context: Context): Promise<void> {
  const dataDir = options.data ?? context.io.env.HEDDLE_DATA;
  if (dataDir === undefined || dataDir === '') {
    throw wrongUsage('where is the state to lie?', 'name a directory with --data or HEDDLE_DATA');
  }
  // Its store is native code, which no other command needs.
  const { startControl, jsonLog } = await import('@heddle/control');
  const { address, port, trustDomain, svidTtl, outboundTrafficPolicy, dev = false } = options;
  const { trustDomainAlias: trustDomainAliases, pathNormalization } = options;
  const log = context.json ? jsonLog(systemClock, (line) => context.print(line)) : humanLog(context);
  const control = await startControl({
    ...{ dataDir, address, port, trustDomain, dev, log, svidTtlMs: svidTtl, caKeyType: options.caKeyType },
    ...(options.ca === undefined ? {} : { caFile: options.ca }),
    ...(options.federationCa === undefined ? {} : { federationCaFile: options.federationCa }),
    ...kubernetesOf(options),
    mesh: {
      outboundTrafficPolicy,
      ...(trustDomainAliases !== undefined && { trustDomainAliases }),
      ...(pathNormalization !== undefined && { pathNormalization }),
    },
  }).catch((error: unknown) => {
    throw startFailure(error, options, dataDir);
  });
  const { url, operatorTokenFile, pin } = control;
  if (context.json)
    log({ level: 'info', event: 'control.ready', fields: { url, operatorTokenFile, pin, dataDir, dev } });
  else context.print(welcome(control, { dataDir, dev, trustDomain }, context));
  await aborted(context.io.signal);
  log({ level: 'info', event: 'control.stopping', fields: {} });
  await control.close();
  log({ level: 'info', event: 'control.stopped', fields: {} });
}

function kubernetesOf(options: ControlCommandOptions): Pick<ControlOptions, 'kubernetes'> {
  const { kubernetesIssuer: issuer, kubernetesAudience: audiences, kubernetesJwks: jwks } = options;
  const { kubernetesCa: caFile, kubernetesToken: tokenFile } = options;
  if (issuer === undefined) {
    if ((audiences ?? jwks ?? caFile ?? tokenFile) === undefined) return {};
    throw wrongUsage('which cluster is it?', 'name its issuer with --kubernetes-issuer');
  }
  return {
    kubernetes: {
      issuer,
      ...(audiences !== undefined && { audiences }),
      ...(jwks !== undefined && { jwks }),
      ...(caFile !== undefined && { caFile }),
      ...(tokenFile !== undefined && { tokenFile }),
    },
  };
}

function welcome(
  { url, operatorTokenFile }: Control,
  { dataDir, dev, trustDomain }: { dataDir: string; dev: boolean; trustDomain: string },
  { style }: Context,
): string {
  const facts = [
    ['at', style.cyan(url)],
    ['trust domain', trustDomain],
    ['state', dataDir],
    ['operator token', dev ? 'none is asked for (dev mode)' : operatorTokenFile],
  ] as const;
  const join = dev ? '' : 'HEDDLE_TOKEN_FILE=reviews.token ';
  const next = [
    `export HEDDLE_DATA=${resolve(dataDir)}`,
    'heddle apply -f policy/',
    ...(dev ? [] : ['heddle token create --service-account reviews > reviews.token']),
    `HEDDLE_CONTROL=${url} ${join}HEDDLE_SERVICE=reviews node reviews.js`,
    'heddle status',
  ];
  const warning = dev
    ? `${style.yellow('Dev mode: every process on this machine can change policy.')}\n`
    : '';
  return [
    `${style.bold('The Heddle config service is ready.')}\n${warning}\n`,
    ...facts.map(([name, value]) => `  ${style.dim(name.padEnd(14))}  ${value}\n`),
    '\nNext, in another terminal:\n\n',
    ...next.map((line) => `  ${line}\n`),
    '\nCtrl-C stops it; workloads go on with the policy that they have.\n\n',
  ].join('');
}

/** A line a record, to stderr: `13:20:05 info policy.applied revision=3 author=token:3f9c1a77b2`. */
function humanLog(context: Context): Log {
  const style = context.noteStyle;
  return ({ level, event, fields }) => {
    const time = new Date(systemClock.wallNow()).toISOString().slice(11, 19);
    const paint = { info: style.dim, warn: style.yellow, error: style.red }[level];
    const pairs = Object.entries(fields).map(
      ([name, value]) => `${name}=${Array.isArray(value) ? value.join('; ') : String(value)}`,
    );
    context.note(`${style.dim(time)} ${paint(level)} ${event} ${clean(pairs.join(' '))}`.trimEnd());
    context.note('\n');
  };
}

function startFailure(error: unknown, { address, port }: ControlCommandOptions, dataDir: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new CliError(`port ${port} of ${address} is in use`, {
      hint: 'choose another with --port, or stop what listens there',
    });
  }
  if (code === 'EADDRNOTAVAIL')
    return new CliError(`${address} is not an address of this machine`, {
      hint: 'choose another with --address',
    });
  if (code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'EROFS') {
    return new CliError(`${dataDir} cannot be used: ${message}`, {
      hint: 'name a directory of this user with --data',
    });
  }
  return error;
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number > 65_535)
    throw new InvalidArgumentError('It is a whole number from 0 to 65535.');
  return number;
}
