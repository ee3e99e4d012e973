/** Every variable that a workload reads: the table that is documented, and against which what is set is held. */

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
  {
    name: 'HEDDLE_TOKEN_FILE',
    meaning: 'file that holds the join token, or a Kubernetes service-account token; read anew each time',
    default: '',
  },
  {
    name: 'HEDDLE_CONTROL_CA_FILE',
    meaning: "the config service's roots, PEM; needed with a token that is no join token",
    default: '',
  },
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
  {
    name: 'HEDDLE_LOCALITY',
    meaning: '`region/zone/subzone`',
    default: 'what the labels `topology.kubernetes.io/region`, `…/zone` say',
  },
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
    meaning:
      'folder, mode 0700, for identity (with its private key) and last good policy, to start from while the config service is away; nothing is kept without it',
    default: '',
  },
  {
    name: 'HEDDLE_IDENTITY',
    meaning:
      'where identity comes from: `control`, `files` or `spiffe` (the Workload API at `SPIFFE_ENDPOINT_SOCKET`; package `@heddle/workload-api`)',
    default: '`files` with HEDDLE_IDENTITY_DIR, else `control`',
  },
  {
    name: 'HEDDLE_IDENTITY_DIR',
    meaning:
      "folder with cert.pem, key.pem, ca.pem or tls.crt, tls.key, ca.crt, instead of the config service's CA",
    default: '',
  },
  {
    name: 'HEDDLE_FEDERATED_BUNDLES',
    meaning:
      'with HEDDLE_IDENTITY_DIR: bundles of foreign trust domains, `domain=file,domain=file`; SPIFFE bundles or PEM',
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
  {
    name: 'HEDDLE_AUTO',
    meaning: '`heddle/auto`: `out` (calls), `in` (servers) or `both`',
    default: 'both',
  },
  {
    name: 'HEDDLE_AUTO_EXCLUDE',
    meaning:
      '`heddle/auto`: hosts that are called as if there were no mesh, comma-separated: `host`, `host:port`, `:port`, `*.suffix`',
    default: '',
  },
  {
    name: 'HEDDLE_AUTO_PORTS',
    meaning:
      "`heddle/auto`: ports of HTTP and gRPC servers that are the mesh's, comma-separated; each is made known",
    default: 'all; the first is made known',
  },
  {
    name: 'HEDDLE_AUTO_EXCLUDE_INBOUND_PORTS',
    meaning: '`heddle/auto`: ports of HTTP and gRPC servers that the mesh leaves alone, comma-separated',
    default: '',
  },
];

/** Variables of the config service and the CLI, which share the prefix. */
export const OTHERS = new Set(['HEDDLE_DATA', 'HEDDLE_OPERATOR_TOKEN', 'HEDDLE_OPERATOR_TOKEN_FILE']);
