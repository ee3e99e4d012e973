import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError, type MeshError } from './base/errors.js';
import { type JoinOptions, readSettings, type Settings, VARIABLES } from './settings.js';

type Environment = Record<string, string | undefined>;

const POLICY = { HEDDLE_POLICY: '/etc/policy' };

function read(environment: Environment = {}, options: JoinOptions = {}): Settings {
  const base = 'HEDDLE_CONTROL' in environment || options.control !== undefined ? {} : POLICY;
  return readSettings(options, { ...base, ...environment }, (path) => {
    if (path === '/token') return 'from-file\n';
    throw new Error(`ENOENT: ${path}`);
  });
}

function refusal(environment: Environment, options: JoinOptions = {}): MeshError {
  try {
    read(environment, options);
  } catch (error) {
    assert.ok(isMeshError(error, 'HEDDLE_INVALID_SETTING'), String(error));
    return error;
  }
  throw new Error(`accepted: ${JSON.stringify(environment)}`);
}

test('with nothing but a place for policy every setting has its default', () => {
  const { workload, ...settings } = read();
  assert.deepEqual(settings, {
    policy: { kind: 'files', path: '/etc/policy' },
    token: null,
    tokenFile: null,
    controlCaFile: null,
    hosts: ['*'],
    address: '127.0.0.1',
    servicePort: null,
    joinTimeoutMs: 10_000,
    drainTimeoutMs: 10_000,
    stateDir: null,
    identity: null,
    identityDir: null,
    federatedBundles: {},
    credentialsDir: null,
    accessLog: 'off',
    trustedHops: 0,
    outboundTrafficPolicy: 'REGISTRY_ONLY',
    trustDomain: 'cluster.local',
    trustDomainAliases: [],
    pathNormalization: 'BASE',
    warnings: [],
  });
  const { name, ...rest } = workload;
  assert.deepEqual(rest, { namespace: 'default', service: '', serviceAccount: 'default', labels: {} });
  assert.match(name, new RegExp(`^client-.+-${process.pid}$`));
});

test('every variable is read', () => {
  const settings = read({
    HEDDLE_CONTROL: 'https://control:8443',
    HEDDLE_TOKEN: 'secret',
    HEDDLE_CONTROL_CA_FILE: '/ca.pem',
    HEDDLE_NAMESPACE: 'shop',
    HEDDLE_SERVICE: 'reviews',
    HEDDLE_SERVICE_ACCOUNT: 'reviewer',
    HEDDLE_WORKLOAD: 'reviews-1',
    HEDDLE_LABELS: 'version=v1, team=a=b',
    HEDDLE_LOCALITY: 'eu/a/1',
    HEDDLE_HOSTS: 'ratings, details',
    HEDDLE_ADDRESS: '10.0.0.1',
    HEDDLE_SERVICE_PORT: '9080',
    HEDDLE_JOIN_TIMEOUT_MS: '5000',
    HEDDLE_DRAIN_TIMEOUT_MS: '0',
    HEDDLE_STATE_DIR: '/state',
    HEDDLE_IDENTITY: 'Files',
    HEDDLE_IDENTITY_DIR: '/identity',
    HEDDLE_FEDERATED_BUNDLES: 'a.example=/a.json, b.example=/b.pem',
    HEDDLE_CREDENTIALS_DIR: '/credentials',
    HEDDLE_ACCESS_LOG: 'JSON',
    HEDDLE_TRUSTED_HOPS: '2',
    HEDDLE_OUTBOUND_TRAFFIC_POLICY: 'allow_any',
    HEDDLE_TRUST_DOMAIN: 'mesh.example',
    HEDDLE_TRUST_DOMAIN_ALIASES: 'old.example, cluster.local',
    HEDDLE_PATH_NORMALIZATION: 'merge_slashes',
  });
  assert.deepEqual(settings, {
    workload: {
      namespace: 'shop',
      service: 'reviews',
      serviceAccount: 'reviewer',
      name: 'reviews-1',
      labels: { version: 'v1', team: 'a=b', app: 'reviews' },
      locality: 'eu/a/1',
    },
    policy: { kind: 'control', url: 'https://control:8443' },
    token: 'secret',
    tokenFile: null,
    controlCaFile: '/ca.pem',
    hosts: ['ratings', 'details'],
    address: '10.0.0.1',
    servicePort: 9080,
    joinTimeoutMs: 5_000,
    drainTimeoutMs: 0,
    stateDir: '/state',
    identity: 'files',
    identityDir: '/identity',
    federatedBundles: { 'a.example': '/a.json', 'b.example': '/b.pem' },
    credentialsDir: '/credentials',
    accessLog: 'json',
    trustedHops: 2,
    outboundTrafficPolicy: 'ALLOW_ANY',
    trustDomain: 'mesh.example',
    trustDomainAliases: ['old.example', 'cluster.local'],
    pathNormalization: 'MERGE_SLASHES',
    warnings: [],
  });
  const { token, tokenFile } = read({ HEDDLE_TOKEN_FILE: '/token' });
  assert.deepEqual([token, tokenFile], ['from-file', '/token']);
  assert.equal(read({ HEDDLE_TOKEN: 'secret' }, { tokenFile: '/token' }).token, 'from-file');
  assert.equal(read({ HEDDLE_TOKEN_FILE: '/token' }, { token: 'mine' }).tokenFile, null);
  assert.deepEqual(read({ HEDDLE_POLICY: 'https://policy/all.yaml' }).policy, {
    kind: 'url',
    url: 'https://policy/all.yaml',
  });
  assert.equal(read({ HEDDLE_SERVICE: 'reviews' }).workload.serviceAccount, 'reviews');
  assert.equal(read({ HEDDLE_SERVICE: 'reviews', HEDDLE_LABELS: 'app=own' }).workload.labels.app, 'own');
});

test('where nothing says the locality, the labels of a Kubernetes node do', () => {
  const [region, zone] = ['topology.kubernetes.io/region=eu', 'topology.kubernetes.io/zone=a'];
  assert.equal(read({ HEDDLE_LABELS: `${region},${zone}` }).workload.locality, 'eu/a');
  assert.equal(read({ HEDDLE_LABELS: region, HEDDLE_LOCALITY: 'us' }).workload.locality, 'us');
  assert.equal('locality' in read({ HEDDLE_LABELS: 'version=v1' }).workload, false);
});

test('an option goes before its variable', () => {
  const settings = read(
    { HEDDLE_NAMESPACE: 'shop', HEDDLE_TOKEN: 'a', HEDDLE_LABELS: 'a=1,b=1', HEDDLE_DRAIN_TIMEOUT_MS: '7' },
    { namespace: 'other', token: 'b', labels: { b: '2' }, drainTimeoutMs: 9, policy: '/mine' },
  );
  assert.equal(settings.workload.namespace, 'other');
  assert.deepEqual(settings.workload.labels, { a: '1', b: '2' });
  assert.deepEqual([settings.token, settings.drainTimeoutMs], ['b', 9]);
  assert.deepEqual(settings.policy, { kind: 'files', path: '/mine' });
});

test('an option for the place of policy goes before the other variable, too', () => {
  const both = { HEDDLE_CONTROL: 'https://control', HEDDLE_POLICY: '/etc/policy' };
  assert.equal(refusal(both).message.includes('only one of HEDDLE_POLICY and HEDDLE_CONTROL'), true);
  assert.equal(read(both, { control: 'https://mine' }).policy.kind, 'control');
  assert.equal(read(both, { policy: '/mine' }).policy.kind, 'files');
});

test('a wrong value is refused by the name of its variable, with what was expected', () => {
  const cases: readonly [string, string, RegExp][] = [
    ['HEDDLE_CONTROL', 'control:8443', /http\(s\) URL/],
    ['HEDDLE_CONTROL', 'ftp://control', /http\(s\) URL/],
    ['HEDDLE_TRUST_DOMAIN_ALIASES', 'old.example,Old', /"Old" is not valid.*lower case/],
    ['HEDDLE_PATH_NORMALIZATION', 'DECODE', /one of NONE, BASE, MERGE_SLASHES/],
    ['HEDDLE_TOKEN_FILE', '/nowhere', /a file that can be read \(ENOENT/],
    ['HEDDLE_NAMESPACE', 'Shop', /DNS label/],
    ['HEDDLE_SERVICE', 'a.b', /DNS label/],
    ['HEDDLE_SERVICE_ACCOUNT', '-a', /DNS label/],
    ['HEDDLE_LABELS', 'version', /key=value/],
    ['HEDDLE_LABELS', '=v1', /key=value/],
    ['HEDDLE_SERVICE_PORT', '0', /from 1 to 65535/],
    ['HEDDLE_SERVICE_PORT', '65536', /from 1 to 65535/],
    ['HEDDLE_JOIN_TIMEOUT_MS', '1e3', /whole number from 1/],
    ['HEDDLE_JOIN_TIMEOUT_MS', '0', /whole number from 1/],
    ['HEDDLE_DRAIN_TIMEOUT_MS', '-1', /whole number from 0/],
    ['HEDDLE_DRAIN_TIMEOUT_MS', '10s', /whole number from 0/],
    ['HEDDLE_IDENTITY', 'spire', /one of control, files, spiffe/],
    ['HEDDLE_IDENTITY', 'files', /HEDDLE_IDENTITY_DIR to name the folder/],
    ['HEDDLE_FEDERATED_BUNDLES', 'a.example=/a.json', /HEDDLE_IDENTITY_DIR beside it/],
    ['HEDDLE_FEDERATED_BUNDLES', 'A=/a.json', /lower case/],
    ['HEDDLE_FEDERATED_BUNDLES', '/a.json', /key=value/],
    ['HEDDLE_ACCESS_LOG', 'yes', /one of json, text, off/],
    ['HEDDLE_TRUSTED_HOPS', '101', /from 0 to 100/],
    ['HEDDLE_OUTBOUND_TRAFFIC_POLICY', 'SOME', /one of ALLOW_ANY, REGISTRY_ONLY/],
  ];
  for (const [name, value, expected] of cases) {
    const { message } = refusal({ [name]: value });
    assert.ok(message.startsWith(`[HEDDLE_INVALID_SETTING] ${name}: `), message);
    assert.match(message, expected);
  }
});

test('wrong options are refused by the name of their variable as well', () => {
  const cases: readonly [JoinOptions, string][] = [
    [{ namespace: 'Shop' }, 'HEDDLE_NAMESPACE'],
    [{ service: 'a/b' }, 'HEDDLE_SERVICE'],
    [{ serviceAccount: 'a b' }, 'HEDDLE_SERVICE_ACCOUNT'],
    [{ joinTimeoutMs: Number.NaN }, 'HEDDLE_JOIN_TIMEOUT_MS'],
    [{ joinTimeoutMs: 0 }, 'HEDDLE_JOIN_TIMEOUT_MS'],
    [{ drainTimeoutMs: -1 }, 'HEDDLE_DRAIN_TIMEOUT_MS'],
    [{ trustedHops: 1.5 }, 'HEDDLE_TRUSTED_HOPS'],
    [{ accessLog: 'yes' as 'text' }, 'HEDDLE_ACCESS_LOG'],
    [{ outboundTrafficPolicy: 'ALL' as 'ALLOW_ANY' }, 'HEDDLE_OUTBOUND_TRAFFIC_POLICY'],
  ];
  for (const [options, name] of cases) {
    assert.ok(refusal({}, options).message.includes(` ${name}: `), JSON.stringify(options));
  }
});

test('empty and blank values are as good as none', () => {
  const blank = Object.fromEntries(VARIABLES.map(({ name }) => [name, '  ']));
  const settings = readSettings({ policy: '/mine' }, blank, () => '');
  assert.deepEqual([settings.workload.namespace, settings.hosts, settings.token], ['default', ['*'], null]);
});

test('nothing that says where policy comes from is refused with what to set', () => {
  assert.throws(() => readSettings({}, {}, () => ''), /set HEDDLE_CONTROL .* or HEDDLE_POLICY/);
});

test('an unknown variable with our prefix is warned about, those of the config service are not', () => {
  const { warnings } = read({ HEDDLE_NAMESPCE: 'x', HEDDLE_DATA: '/data', OTHER: '1' });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^HEDDLE_NAMESPCE is set, but no variable of that name exists/);
});

test('a token never shows in an error', () => {
  const secret = 'a-very-secret-token';
  const wrong = { HEDDLE_NAMESPACE: 'Shop', HEDDLE_TOKEN: secret };
  const { message, stack } = refusal(wrong);
  assert.equal(`${message} ${stack}`.includes(secret), false);
  const unknown = read({ HEDDLE_TOKN: secret });
  assert.equal(JSON.stringify(unknown.warnings).includes(secret), false);
  const file = refusal({ HEDDLE_TOKEN_FILE: '/nowhere', HEDDLE_OPERATOR_TOKEN: secret });
  assert.equal(file.message.includes(secret), false);
});

test('a URL with a password is not repeated with it', () => {
  const { message } = refusal({ HEDDLE_CONTROL: 'ftp://operator:hunter2@control' });
  assert.equal(message.includes('hunter2'), false);
});

test('the table names every variable once, with its meaning', () => {
  const names = VARIABLES.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, meaning } of VARIABLES) {
    assert.match(name, /^HEDDLE_[A-Z_]+$/);
    assert.notEqual(meaning, '');
  }
});
