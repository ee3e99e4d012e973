/**
 * Environment and options → Settings. Every variable is a row of one table; a variable with our prefix that is no row is warned
 * about, and a wrong value is refused by name.
 */
import { hostname } from 'node:os';
import { MeshError } from './base/errors.js';
import { parseUrl } from './base/url.js';
import type { Workload } from './model/workload.js';
import type { IdentitySource } from './ports/identity.js';
import { type Environment, invalid, Reader } from './settings/reader.js';
import { localityOf } from './traffic/balance/index.js';

export { VARIABLES, type Variable } from './settings/variables.js';

/** How paths are made equal before AuthorizationPolicies are asked. @source Istio mesh config `pathNormalization` */
const PATH_NORMALIZATIONS = ['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const;
type PathNormalization = (typeof PATH_NORMALIZATIONS)[number];

const IDENTITY_ORIGINS = ['control', 'files', 'spiffe'] as const;
type IdentityOrigin = (typeof IDENTITY_ORIGINS)[number];

/** Where policy comes from. */
export type PolicyLocation =
  | { readonly kind: 'control'; readonly url: string }
  | { readonly kind: 'files'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string };

/** What `join` may be told; each option is the variable of the same meaning, and wins over it. */
export interface JoinOptions {
  /** URL of the config service: `https://…`, or `http://127.0.0.1:…` in its dev mode. Variable `HEDDLE_CONTROL`. */
  readonly control?: string;
  /** Join token, as `heddle token create` printed it. Variable `HEDDLE_TOKEN`, or a file of it: `HEDDLE_TOKEN_FILE`. */
  readonly token?: string;
  /** File that holds it, or a Kubernetes service-account token; read anew each time. Variable `HEDDLE_TOKEN_FILE`. */
  readonly tokenFile?: string;
  /** The config service's roots, PEM; needed with a token that is no join token. Variable `HEDDLE_CONTROL_CA_FILE`. */
  readonly controlCaFile?: string;
  /** Policy instead of a config service: a YAML file, a folder of them, or an HTTP(S) URL. Variable `HEDDLE_POLICY`. */
  readonly policy?: string;
  readonly namespace?: string;
  readonly service?: string;
  readonly serviceAccount?: string;
  /** Name of this process, for people. */
  readonly workload?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: string;
  /** Hosts that this workload calls; `['*']`: all that it may see. */
  readonly hosts?: readonly string[];
  /** Address under which callers reach this workload, and on which it listens. */
  readonly address?: string;
  /** How long `join` may take, milliseconds. */
  readonly joinTimeoutMs?: number;
  /** How long `close` waits for what is in flight, milliseconds. */
  readonly drainTimeoutMs?: number;
  /** Folder for identity and last good policy, mode 0700; nothing is kept by default. Variable `HEDDLE_STATE_DIR`. */
  readonly stateDir?: string;
  /**
   * Where identity comes from, in place of the config service or files: `workloadApi()` of `@heddle/workload-api`, or a source of your
   * own. The mesh closes it.
   */
  readonly identity?: IdentitySource;
  /** Folder with `cert.pem`, `key.pem` and `ca.pem`, or `tls.crt`, `tls.key` and `ca.crt`, in place of the config service's. */
  readonly identityDir?: string;
  /** With `identityDir`: files with the bundles of foreign trust domains (SPIFFE bundles or PEM), by their names. */
  readonly federatedBundles?: Readonly<Record<string, string>>;
  /** Folder of the credentials that policy names. Variable `HEDDLE_CREDENTIALS_DIR`. */
  readonly credentialsDir?: string;
  readonly accessLog?: 'json' | 'text' | 'off';
  /** Proxies in front of this workload whose `x-forwarded-for` entries are believed. */
  readonly trustedHops?: number;
  /** What happens to calls to hosts that policy does not know, where policy comes from files. */
  readonly outboundTrafficPolicy?: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  readonly trustDomain?: string;
  /** Former names of the trust domain, where policy comes from files. Variable `HEDDLE_TRUST_DOMAIN_ALIASES`. */
  readonly trustDomainAliases?: readonly string[];
  /** How paths are made equal before AuthorizationPolicies are asked, where policy comes from files. @default 'BASE' */
  readonly pathNormalization?: PathNormalization;
  /** Where warnings and state changes go, a line each. @default stderr */
  readonly log?: (line: string) => void;
  /** Aborts the join. */
  readonly signal?: AbortSignal;
}

export interface Settings {
  readonly workload: Workload;
  readonly policy: PolicyLocation;
  readonly token: string | null;
  /** Where `token` was read from, and is read anew; null: it came itself. */
  readonly tokenFile: string | null;
  readonly controlCaFile: string | null;
  readonly hosts: readonly string[];
  readonly address: string;
  /** Port that callers name, where it differs from the one that is listened on. */
  readonly servicePort: number | null;
  readonly joinTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly stateDir: string | null;
  /** null: files if there is `identityDir`, else the config service. */
  readonly identity: IdentityOrigin | null;
  readonly identityDir: string | null;
  readonly federatedBundles: Readonly<Record<string, string>>;
  readonly credentialsDir: string | null;
  readonly accessLog: 'json' | 'text' | 'off';
  readonly trustedHops: number;
  readonly outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
  readonly pathNormalization: PathNormalization;
  /** What was odd about the environment; for the log. */
  readonly warnings: readonly string[];
}

/**
 * @param readFile reads the token file; handed in so that this stays a function of its arguments
 * @throws MeshError `HEDDLE_INVALID_SETTING` naming the variable, what it holds and what was expected
 */
export function readSettings(
  options: JoinOptions,
  environment: Environment,
  readFile: (path: string) => string,
): Settings {
  const read = new Reader(environment);
  const service = read.name('HEDDLE_SERVICE', options.service) ?? '';
  const labels = { ...read.labels('HEDDLE_LABELS'), ...options.labels };
  const locality = read.text('HEDDLE_LOCALITY', options.locality) ?? localityOf(labels);
  if (service !== '') labels.app ??= service;
  return {
    workload: {
      namespace: read.name('HEDDLE_NAMESPACE', options.namespace) ?? 'default',
      service,
      serviceAccount: read.name('HEDDLE_SERVICE_ACCOUNT', options.serviceAccount) ?? (service || 'default'),
      name:
        read.text('HEDDLE_WORKLOAD', options.workload) ??
        `${service || 'client'}-${hostname()}-${process.pid}`,
      labels,
      ...(locality === '' ? {} : { locality }),
    },
    policy: policyLocation(options, read),
    ...tokenOf(options, read, readFile),
    controlCaFile: read.text('HEDDLE_CONTROL_CA_FILE', options.controlCaFile) ?? null,
    hosts: options.hosts ?? read.list('HEDDLE_HOSTS') ?? ['*'],
    address: read.text('HEDDLE_ADDRESS', options.address) ?? '127.0.0.1',
    servicePort: read.number('HEDDLE_SERVICE_PORT', 1, 65_535) ?? null,
    joinTimeoutMs: read.number('HEDDLE_JOIN_TIMEOUT_MS', 1, 3_600_000, options.joinTimeoutMs) ?? 10_000,
    drainTimeoutMs: read.number('HEDDLE_DRAIN_TIMEOUT_MS', 0, 3_600_000, options.drainTimeoutMs) ?? 10_000,
    stateDir: read.text('HEDDLE_STATE_DIR', options.stateDir) ?? null,
    ...identityOf(options, read),
    credentialsDir: read.text('HEDDLE_CREDENTIALS_DIR', options.credentialsDir) ?? null,
    accessLog: read.oneOf('HEDDLE_ACCESS_LOG', ['json', 'text', 'off'], options.accessLog) ?? 'off',
    trustedHops: read.number('HEDDLE_TRUSTED_HOPS', 0, 100, options.trustedHops) ?? 0,
    outboundTrafficPolicy:
      read.oneOf(
        'HEDDLE_OUTBOUND_TRAFFIC_POLICY',
        ['ALLOW_ANY', 'REGISTRY_ONLY'],
        options.outboundTrafficPolicy,
      ) ?? 'REGISTRY_ONLY',
    trustDomain: read.text('HEDDLE_TRUST_DOMAIN', options.trustDomain) ?? 'cluster.local',
    trustDomainAliases: read.trustDomains('HEDDLE_TRUST_DOMAIN_ALIASES', options.trustDomainAliases),
    pathNormalization:
      read.oneOf('HEDDLE_PATH_NORMALIZATION', PATH_NORMALIZATIONS, options.pathNormalization) ?? 'BASE',
    warnings: read.unknown(),
  };
}

function identityOf(
  options: JoinOptions,
  read: Reader,
): Pick<Settings, 'identity' | 'identityDir' | 'federatedBundles'> {
  const identityDir = read.text('HEDDLE_IDENTITY_DIR', options.identityDir) ?? null;
  const identity = read.oneOf('HEDDLE_IDENTITY', IDENTITY_ORIGINS) ?? null;
  if (identity === 'files' && identityDir === null)
    throw invalid('HEDDLE_IDENTITY', identity, 'HEDDLE_IDENTITY_DIR to name the folder of the files');
  if (identity !== null && identity !== 'files' && identityDir !== null)
    throw invalid('HEDDLE_IDENTITY', identity, 'files, because HEDDLE_IDENTITY_DIR is set');
  const federatedBundles = options.federatedBundles ?? read.labels('HEDDLE_FEDERATED_BUNDLES');
  read.trustDomains('HEDDLE_FEDERATED_BUNDLES', Object.keys(federatedBundles));
  const [first] = Object.keys(federatedBundles);
  if (first !== undefined && identityDir === null)
    throw invalid(
      'HEDDLE_FEDERATED_BUNDLES',
      first,
      'HEDDLE_IDENTITY_DIR beside it: the config service and the Workload API say themselves who is federated',
    );
  return { identity, identityDir, federatedBundles };
}

/** An option goes before both variables; of these the token itself goes before its file. */
function tokenOf(
  options: JoinOptions,
  read: Reader,
  readFile: (path: string) => string,
): Pick<Settings, 'token' | 'tokenFile'> {
  const own = options.tokenFile === undefined ? read.text('HEDDLE_TOKEN', options.token) : options.token;
  if (own !== undefined) return { token: own, tokenFile: null };
  const tokenFile = read.text('HEDDLE_TOKEN_FILE', options.tokenFile) ?? null;
  const token = read.file('HEDDLE_TOKEN_FILE', readFile, options.tokenFile) ?? null;
  return { token, tokenFile };
}

function policyLocation(options: JoinOptions, read: Reader): PolicyLocation {
  const policy = options.policy ?? (options.control === undefined ? read.text('HEDDLE_POLICY') : undefined);
  const control = options.control ?? (options.policy === undefined ? read.text('HEDDLE_CONTROL') : undefined);
  if (policy !== undefined && control !== undefined) {
    throw invalid(
      'HEDDLE_POLICY',
      policy,
      'only one of HEDDLE_POLICY and HEDDLE_CONTROL: policy comes from one place',
    );
  }
  if (control !== undefined) {
    if (parseUrl(control) === null || !/^https?:/.test(control))
      throw invalid('HEDDLE_CONTROL', control, 'an http(s) URL');
    return { kind: 'control', url: control };
  }
  if (policy !== undefined) {
    return /^https?:\/\//.test(policy) ? { kind: 'url', url: policy } : { kind: 'files', path: policy };
  }
  throw new MeshError(
    'nothing says where policy comes from: set HEDDLE_CONTROL to the URL of the config service, or HEDDLE_POLICY to a file, folder or URL of policy',
    { code: 'HEDDLE_INVALID_SETTING' },
  );
}
