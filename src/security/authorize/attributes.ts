/**
 * What a rule can look at: each attribute says which values it takes and how they are compared. Fields of `from` and `to` and keys of
 * `when` are two spellings of the same attributes.
 * @source Istio `pilot/pkg/security/authz/model/generator.go`, `pkg/config/security/security.go`
 */
import { contains, type Groups, parseSubnet } from '../../base/ip.js';
import { claimTest, requestPrincipalTest } from './claims.js';
import { parsePattern, type TextTest, textTest } from './matchers.js';
import { checkPathTemplate, isPathTemplate, pathTemplateTest } from './path-template.js';
import type { OperationField, SourceField } from './policy.js';
import { namespaceTest, serviceAccountTest, trustDomainTest } from './principals.js';
import type { View } from './view.js';

export type Condition = (view: View) => boolean;

export interface Attribute {
  /** Means nothing on a connection that is not HTTP. */
  readonly httpOnly: boolean;
  /** It is about who somebody is: not known yet when CUSTOM is asked. */
  readonly identity?: true;
  /** It may be missing from the facts; then a rule falls on the side of refusing. */
  readonly known?: Condition;
  /** What is wrong with one value; null if nothing is. */
  check(value: string): string | null;
  /** Why a value that Istio takes is not taken here; null if it is. */
  refuse?(value: string): string | null;
  /** Holds if one of the values, which passed the check, matches. */
  compile(values: readonly string[]): Condition;
}

/** The attribute behind each field of `from[].source` and `to[].operation`. */
export const FIELD_ATTRIBUTES: Readonly<Record<SourceField | OperationField, string>> = {
  principals: 'source.principal',
  namespaces: 'source.namespace',
  serviceAccounts: 'source.serviceAccount',
  trustDomains: 'source.trustDomain',
  requestPrincipals: 'request.auth.principal',
  ipBlocks: 'source.ip',
  remoteIpBlocks: 'remote.ip',
  hosts: 'request.host',
  ports: 'destination.port',
  methods: 'request.method',
  paths: 'request.path',
};

const anything = (value: string): string | null => (value === '' ? 'an empty value never matches' : null);

function principalAttribute(compile: (values: readonly string[]) => TextTest, check = anything): Attribute {
  return {
    httpOnly: false,
    identity: true,
    check,
    compile(values) {
      const test = compile(values);
      return ({ facts }) => facts.principal !== null && test(facts.principal);
    },
  };
}

function addressAttribute(read: (view: View) => Groups | null): Attribute {
  return {
    httpOnly: false,
    known: (view) => read(view) !== null,
    check: (value) =>
      parseSubnet(value) === null ? 'not an IP address or CIDR range, such as 10.0.0.0/8' : null,
    compile(values) {
      const ranges = values.map((value) => parseSubnet(value)!);
      return (view) => {
        const address = read(view);
        if (address === null) return false;
        for (const range of ranges) if (contains(range, address)) return true;
        return false;
      };
    },
  };
}

function httpAttribute(compile: (values: readonly string[]) => Condition, check = anything): Attribute {
  return { httpOnly: true, check, compile };
}

function tokenAttribute(compile: (values: readonly string[]) => Condition): Attribute {
  return { ...httpAttribute(compile), identity: true };
}

function checkPort(value: string): string | null {
  // 0 is nobody's port, but Istio takes it.
  const port = /^\d+$/.test(value) ? Number(value) : -1;
  return port >= 0 && port <= 65_535 ? null : 'not a port between 0 and 65535';
}

/** At most 320 characters of `name` or `namespace/name`. */
function checkServiceAccount(value: string): string | null {
  if (value.length > 320) return 'longer than 320 characters';
  if (value.includes('*')) return 'a service account cannot have a wildcard; use principals for that';
  return /^(?:[^/]+\/)?[^/]+$/.test(value) ? null : 'must be NAME or NAMESPACE/NAME';
}

function checkTrustDomain(value: string): string | null {
  return value.includes('/') ? 'a trust domain has no "/"' : checkOneStar(value);
}

/** Istio does not look for a slash in a `when`. */
function checkOneStar(value: string): string | null {
  if (value === '') return 'an empty value never matches';
  const inside = value.slice(1, -1).includes('*');
  const both = value.length > 1 && value.startsWith('*') && value.endsWith('*');
  return inside || both ? 'one "*" at most, at the start or the end' : null;
}

function checkPath(value: string): string | null {
  return anything(value) ?? checkPathTemplate(value);
}

function refusePath(value: string): string | null {
  if (!isPathTemplate(value) || value.startsWith('/')) return null;
  return 'a path template must start with "/", as Envoy wants it; every path does';
}

function pathTest(values: readonly string[]): TextTest {
  const templates = values.filter(isPathTemplate).map(pathTemplateTest);
  const plain = textTest(values.filter((value) => !isPathTemplate(value)));
  return templates.length === 0 ? plain : (path) => plain(path) || templates.some((test) => test(path));
}

const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  'source.principal': principalAttribute(textTest),
  'source.namespace': principalAttribute(namespaceTest),
  'source.serviceAccount': principalAttribute(serviceAccountTest, checkServiceAccount),
  'source.trustDomain': principalAttribute(trustDomainTest, checkTrustDomain),
  'source.ip': addressAttribute((view) => view.peer()),
  'remote.ip': addressAttribute((view) => view.remote()),
  'destination.ip': addressAttribute((view) => view.local()),
  'destination.port': {
    httpOnly: false,
    check: checkPort,
    compile(values) {
      const ports = new Set(values.map(Number));
      return (view) => ports.has(view.facts.port);
    },
  },
  'connection.sni': {
    httpOnly: false,
    check: anything,
    compile(values) {
      const test = textTest(values);
      return ({ facts }) => facts.sni !== null && test(facts.sni);
    },
  },
  'request.host': httpAttribute((values) => {
    const test = textTest(values.map((value) => value.toLowerCase()));
    return (view) => test(view.authority());
  }),
  'request.method': httpAttribute((values) => {
    const test = textTest(values);
    return (view) => test(view.facts.method);
  }),
  'request.path': {
    ...httpAttribute((values) => {
      const test = pathTest(values);
      return (view) => test(view.facts.path);
    }, checkPath),
    refuse: refusePath,
  },
  'request.auth.principal': tokenAttribute((values) => requestPrincipalTest(values)),
  'request.auth.audiences': tokenAttribute((values) => claimTest(['aud'], values)),
  'request.auth.presenter': tokenAttribute((values) => claimTest(['azp'], values)),
};

/** Keys that only fields of `to` reach; Istio has no `when` key for them. */
const FIELD_ONLY = new Set(['request.host', 'request.method', 'request.path']);

/** @source Istio `pkg/config/security/security.go`, the keys it stopped taking */
const DEPRECATED = /^(?:source\.user|source\.name|destination\.(?:name|namespace|user|labels.*))$/;

/** The attribute of a field's or key's name. @throws never for a name in {@link FIELD_ATTRIBUTES} */
export function fieldAttribute(field: SourceField | OperationField): Attribute {
  return ATTRIBUTES[FIELD_ATTRIBUTES[field]]!;
}

/**
 * Why a key that Istio takes is not taken here, or null: either Istio does not take it, or Heddle does, too.
 * @source Istio `pkg/config/security/security.go` validateMapKey, which looks at the brackets and not at what is in them
 */
export function unsupportedKey(key: string): string | null {
  const open = key.indexOf('[');
  if (!(key.endsWith(']') && open > 0 && open < key.length - 2)) return null;
  if (!/^(?:request\.headers|request\.auth\.claims|experimental\.envoy\.filters\.)/.test(key)) return null;
  const attribute = resolveKey(key);
  return typeof attribute === 'string' ? attribute : null;
}

/** Of a `when`; a slash in a value makes it match nothing. */
const WHEN_TRUST_DOMAIN = principalAttribute(trustDomainTest, checkOneStar);

/** The attribute that a `when` key names, or a text saying what is wrong with the key. */
export function resolveKey(key: string): Attribute | string {
  if (key === '') return 'the key is empty';
  const bracket = key.indexOf('[');
  const base = bracket < 0 ? key : key.slice(0, bracket);
  if (base === 'request.headers' || base === 'request.auth.claims') {
    const names = parseBrackets(key.slice(base.length));
    if (names === null) return `the key must look like ${base}[NAME]`;
    if (base === 'request.auth.claims') return tokenAttribute((values) => claimTest(names, values));
    if (names.length !== 1) return 'the key must look like request.headers[NAME]';
    return headerAttribute(names[0]!.toLowerCase());
  }
  if (key.startsWith('experimental.envoy.filters.'))
    return 'there are no Envoy filters here whose metadata could be looked at; match on headers, claims or the peer';
  if (key === 'source.trustDomain') return WHEN_TRUST_DOMAIN;
  if (DEPRECATED.test(key)) return 'the key is deprecated in Istio and not supported';
  if (Object.hasOwn(ATTRIBUTES, key) && !FIELD_ONLY.has(key)) return ATTRIBUTES[key]!;
  return `unknown key; use one of ${KNOWN_KEYS.join(', ')}`;
}

const KNOWN_KEYS = [
  ...Object.keys(ATTRIBUTES).filter((key) => !FIELD_ONLY.has(key)),
  'request.headers[NAME]',
  'request.auth.claims[NAME]',
];

/** Fields of the request line that HTTP/2 calls headers are read where they are; `host` is one of them, as in Envoy. */
function headerAttribute(name: string): Attribute | string {
  if (name === ':method') return ATTRIBUTES['request.method']!;
  if (name === 'host' || name === ':authority')
    return httpAttribute((values) => {
      const test = textTest(values);
      return ({ facts }) => test(facts.authority);
    });
  if (name.startsWith(':')) return `'${name}' is not a header here; use 'paths' or 'hosts' of an operation`;
  return httpAttribute((values) => {
    // A header that is there counts as present though it is empty (Envoy's present_match); no other attribute does.
    const present = values.includes('*');
    const test = textTest(values.filter((value) => value !== '*'));
    return ({ facts }) => {
      const value: unknown = facts.headers[name];
      if (typeof value === 'string') return present || test(value);
      // A list is one value with commas (RFC 9110 §5.3). Anything else was inherited by the object and is no field.
      return Array.isArray(value) && (present || test(value.join(', ')));
    };
  });
}

/** `[a][b]` is `['a', 'b']`. @returns null if it is anything else */
function parseBrackets(text: string): string[] | null {
  if (!/^(?:\[[^[\]]+\])+$/.test(text)) return null;
  return text.slice(1, -1).split('][');
}

/** Keys for the index of rules: exact values only, or null if one is a pattern. */
export function exactValues(field: 'principals' | 'paths', values: readonly string[]): string[] | null {
  const exact: string[] = [];
  for (const value of values) {
    const pattern = parsePattern(value);
    if (pattern.kind !== 'exact' || (field === 'paths' && isPathTemplate(value))) return null;
    exact.push(pattern.text);
  }
  return exact;
}
