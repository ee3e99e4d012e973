/**
 * Environment and options → Settings. Every variable is a row of one table; a variable with our prefix that is no row is warned
 * about, and a wrong value is refused by name.
 */
import { hostname } from 'node:os';
import { MeshError } from './base/errors.js';
import type { Workload } from './model/workload.js';

/** How paths are made equal before AuthorizationPolicies are asked. @source Istio mesh config `pathNormalization` */
const PATH_NORMALIZATIONS = ['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const;
type PathNormalization = (typeof PATH_NORMALIZATIONS)[number];

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
  /** Folder for the last good policy; none is kept by default. */
  readonly stateDir?: string;
  /** Folder with `cert.pem`, `key.pem` and `ca.pem`, where identity does not come from the config service. */
  readonly identityDir?: string;
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
  readonly hosts: readonly string[];
  readonly address: string;
  /** Port that callers name, where it differs from the one that is listened on. */
  readonly servicePort: number | null;
  readonly joinTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly stateDir: string | null;
  readonly identityDir: string | null;
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

/** One row of `docs/reference/settings.md`. */
export interface Variable {
  readonly name: string;
  readonly meaning: string;
  /** As text; empty for none. */
  readonly default: string;
}

export const VARIABLES: readonly Variable[] = [
  { name: 'HEDDLE_CONTROL', meaning: 'URL of the config service', default: '' },
  { name: 'HEDDLE_TOKEN', meaning: 'join token, as `heddle token create` prints it', default: '' },
  { name: 'HEDDLE_TOKEN_FILE', meaning: 'file that holds the join token', default: '' },
  {
    name: 'HEDDLE_POLICY',
    meaning: 'policy without a config service: file, folder or HTTP(S) URL',
    default: '',
  },
  { name: 'HEDDLE_NAMESPACE', meaning: 'namespace of this workload', default: 'default' },
  {
    name: 'HEDDLE_SERVICE',
    meaning: 'service that this workload serves; empty for a pure client',
    default: '',
  },
  {
    name: 'HEDDLE_SERVICE_ACCOUNT',
    meaning: 'service account, part of its SPIFFE ID',
    default: 'the service, else `default`',
  },
  { name: 'HEDDLE_WORKLOAD', meaning: 'name of this process, for people', default: 'service-hostname-pid' },
  {
    name: 'HEDDLE_LABELS',
    meaning: 'labels, `key=value,key=value`; `app` is the service unless given',
    default: '',
  },
  { name: 'HEDDLE_LOCALITY', meaning: '`region/zone/subzone`', default: '' },
  {
    name: 'HEDDLE_HOSTS',
    meaning: 'hosts that it calls, comma-separated; `*`: all that it may see',
    default: '*',
  },
  {
    name: 'HEDDLE_ADDRESS',
    meaning: 'address on which it listens and under which callers reach it',
    default: '127.0.0.1',
  },
  {
    name: 'HEDDLE_SERVICE_PORT',
    meaning: 'port that callers name, where it differs from the one listened on',
    default: '',
  },
  { name: 'HEDDLE_JOIN_TIMEOUT_MS', meaning: 'how long `join` may take, milliseconds', default: '10000' },
  {
    name: 'HEDDLE_DRAIN_TIMEOUT_MS',
    meaning: 'how long `close` waits for what is in flight, milliseconds',
    default: '10000',
  },
  {
    name: 'HEDDLE_STATE_DIR',
    meaning: 'folder for the last good policy; none is kept without it',
    default: '',
  },
  {
    name: 'HEDDLE_IDENTITY_DIR',
    meaning: "folder with cert.pem, key.pem, ca.pem, instead of the config service's CA",
    default: '',
  },
  {
    name: 'HEDDLE_CREDENTIALS_DIR',
    meaning: 'folder with a folder for each `credentialName` of policy: tls.crt, tls.key, ca.crt',
    default: '',
  },
  { name: 'HEDDLE_ACCESS_LOG', meaning: '`json`, `text` or `off`; lines go to stdout', default: 'off' },
  {
    name: 'HEDDLE_TRUSTED_HOPS',
    meaning: 'proxies in front whose x-forwarded-for is believed',
    default: '0',
  },
  {
    name: 'HEDDLE_OUTBOUND_TRAFFIC_POLICY',
    meaning: '`REGISTRY_ONLY` or `ALLOW_ANY`, where policy comes from files',
    default: 'REGISTRY_ONLY',
  },
  {
    name: 'HEDDLE_TRUST_DOMAIN',
    meaning: 'trust domain, where policy comes from files',
    default: 'cluster.local',
  },
  {
    name: 'HEDDLE_TRUST_DOMAIN_ALIASES',
    meaning: 'former names of the trust domain, comma-separated, where policy comes from files',
    default: '',
  },
  {
    name: 'HEDDLE_PATH_NORMALIZATION',
    meaning:
      'how paths are made equal before they are authorized, where policy comes from files: `NONE`, `BASE`, `MERGE_SLASHES` or `DECODE_AND_MERGE_SLASHES`',
    default: 'BASE',
  },
];

/** Variables of the config service and the CLI, which share the prefix. */
const OTHERS = new Set(['HEDDLE_DATA', 'HEDDLE_OPERATOR_TOKEN', 'HEDDLE_OPERATOR_TOKEN_FILE']);

type Environment = Readonly<Record<string, string | undefined>>;

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
  const locality = read.text('HEDDLE_LOCALITY', options.locality);
  const labels = { ...read.labels('HEDDLE_LABELS'), ...options.labels };
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
      ...(locality === undefined ? {} : { locality }),
    },
    policy: policyLocation(options, read),
    token: read.text('HEDDLE_TOKEN', options.token) ?? read.file('HEDDLE_TOKEN_FILE', readFile) ?? null,
    hosts: options.hosts ?? read.list('HEDDLE_HOSTS') ?? ['*'],
    address: read.text('HEDDLE_ADDRESS', options.address) ?? '127.0.0.1',
    servicePort: read.number('HEDDLE_SERVICE_PORT', 1, 65_535) ?? null,
    joinTimeoutMs: read.number('HEDDLE_JOIN_TIMEOUT_MS', 1, 3_600_000, options.joinTimeoutMs) ?? 10_000,
    drainTimeoutMs: read.number('HEDDLE_DRAIN_TIMEOUT_MS', 0, 3_600_000, options.drainTimeoutMs) ?? 10_000,
    stateDir: read.text('HEDDLE_STATE_DIR', options.stateDir) ?? null,
    identityDir: read.text('HEDDLE_IDENTITY_DIR', options.identityDir) ?? null,
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
    if (!URL.canParse(control) || !/^https?:/.test(control))
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

/** One look at the environment; remembers nothing but where it looked. An option stands for the variable of the same meaning. */
class Reader {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** undefined if unset or empty. */
  text(name: string, option?: string): string | undefined {
    const value = (option ?? this.#environment[name])?.trim();
    return value === '' ? undefined : value;
  }

  /** A DNS label, as Kubernetes names are. */
  name(name: string, option?: string): string | undefined {
    const value = this.text(name, option);
    if (value !== undefined && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) {
      throw invalid(name, value, 'a DNS label: a-z, 0-9 and -, at most 63');
    }
    return value;
  }

  number(name: string, least: number, most: number, option?: number): number | undefined {
    const value = this.text(name, option?.toString());
    if (value === undefined) return undefined;
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most) {
      throw invalid(name, value, `a whole number from ${least} to ${most}`);
    }
    return number;
  }

  oneOf<const T extends string>(name: string, values: readonly T[], option?: T): T | undefined {
    const value = this.text(name, option);
    if (value === undefined) return undefined;
    const found = values.find((one) => one.toLowerCase() === value.toLowerCase());
    if (found === undefined) throw invalid(name, value, `one of ${values.join(', ')}`);
    return found;
  }

  list(name: string): readonly string[] | undefined {
    const items = this.text(name)
      ?.split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    return items === undefined || items.length === 0 ? undefined : items;
  }

  trustDomains(name: string, option?: readonly string[]): readonly string[] {
    const domains = option ?? this.list(name) ?? [];
    for (const domain of domains)
      if (!/^[a-z0-9._-]{1,255}$/.test(domain))
        throw invalid(name, domain, 'trust domains such as cluster.local, in lower case');
    return domains;
  }

  labels(name: string): Record<string, string> {
    const labels: Record<string, string> = {};
    for (const pair of this.list(name) ?? []) {
      const equals = pair.indexOf('=');
      if (equals < 1) throw invalid(name, pair, '`key=value` pairs with commas between them');
      labels[pair.slice(0, equals)] = pair.slice(equals + 1);
    }
    return labels;
  }

  file(name: string, readFile: (path: string) => string): string | undefined {
    const path = this.text(name);
    if (path === undefined) return undefined;
    try {
      return readFile(path).trim();
    } catch (cause) {
      throw invalid(name, path, `a file that can be read (${(cause as Error).message})`);
    }
  }

  unknown(): readonly string[] {
    const known = new Set(VARIABLES.map((variable) => variable.name));
    return Object.keys(this.#environment)
      .filter((name) => name.startsWith('HEDDLE_') && !known.has(name) && !OTHERS.has(name))
      .map((name) => `${name} is set, but no variable of that name exists; see docs/reference/settings.md`);
  }
}

function invalid(name: string, value: string, expected: string): MeshError {
  const secret = name.includes('TOKEN') && !name.endsWith('_FILE');
  const shown = secret ? 'its value' : `"${value.replace(/\/\/[^/]*@/, '//…@')}"`;
  return new MeshError(`${name}: ${shown} is not valid, expected ${expected}`, {
    code: 'HEDDLE_INVALID_SETTING',
  });
}
