/**
 * The situations of Istio's own tests of AuthorizationPolicy: every matcher, and paths that hide what they ask for.
 * @source Istio `pilot/pkg/security/authz/builder/testdata`, `pilot/pkg/security/authz/model/generator.go`
 */
import { allowed, authorize, denied, from, row } from './explain-inbound.test.helper.js';

const rule = (text: string, action = 'ALLOW') => authorize('p', `{ action: ${action}, rules: [${text}] }`);
const source = (text: string) => rule(`{ from: [{ source: { ${text} } }] }`);
const operation = (text: string) => rule(`{ to: [{ operation: { ${text} } }] }`);
const when = (key: string, text: string) => rule(`{ when: [{ key: "${key}", ${text} }] }`);
const me = { principal: 'cluster.local/ns/default/sa/curl', ip: '10.0.0.1' };
const matchers: [what: string, policy: string, exchange: object, holds: boolean][] = [
  ['a principal', source('principals: [cluster.local/ns/default/sa/curl]'), {}, true],
  ['a principal minds case', source('principals: [cluster.local/ns/default/sa/Curl]'), {}, false],
  ['the start of a principal', source('principals: [cluster.local/ns/default/*]'), {}, true],
  ['the end of a principal', source('principals: ["*/sa/curl"]'), {}, true],
  ['a star in the middle is only a star', source('principals: [cluster.local/*/sa/curl]'), {}, false],
  ['two fields of a source hold together', source('principals: ["*"], namespaces: [other]'), {}, false],
  [
    'one of two sources is enough',
    rule('{ from: [{ source: { namespaces: [other] } }, { source: { namespaces: [default] } }] }'),
    {},
    true,
  ],
  ['a namespace', source('namespaces: [default]'), {}, true],
  ['the start of a namespace', source('namespaces: ["def*"]'), {}, true],
  ['the end of a namespace', source('namespaces: ["*ault"]'), {}, true],
  ['a star within a namespace', source('namespaces: ["d*t"]'), {}, true],
  ['a part of a namespace', source('namespaces: [fault]'), {}, false],
  ['a namespace in plain text', source('namespaces: [default]'), from(null), false],
  ['not a namespace in plain text', source('notNamespaces: [default]'), from(null), true],
  ['a service account of the own namespace', source('serviceAccounts: [curl]'), {}, false],
  ['a service account of another namespace', source('serviceAccounts: [default/curl]'), {}, true],
  ['a part of a service account', source('serviceAccounts: [default/cur]'), {}, false],
  ['a trust domain', source('trustDomains: [cluster.local]'), {}, true],
  ['the end of a trust domain', source('trustDomains: ["*.local"]'), {}, true],
  ['another trust domain', source('trustDomains: [other]'), {}, false],
  ['any trust domain, but there is none', source('trustDomains: ["*"]'), from(null), false],
  ['an address', source('ipBlocks: [10.0.0.1]'), {}, true],
  ['a block of addresses', source('ipBlocks: [10.0.0.0/8]'), {}, true],
  [
    'the address of the peer, not of the caller',
    source('ipBlocks: [10.0.0.0/8]'),
    { remoteIp: '1.2.3.4' },
    true,
  ],
  [
    'the address of the caller, not of the peer',
    source('remoteIpBlocks: [10.0.0.0/8]'),
    { remoteIp: '1.2.3.4' },
    false,
  ],
  ['the address of the caller', source('remoteIpBlocks: [1.2.3.0/24]'), { remoteIp: '1.2.3.4' }, true],
  [
    'an address of version 6',
    source('ipBlocks: ["2001:db8::/32"]'),
    { peer: { ...me, ip: '2001:db8::1' } },
    true,
  ],
  [
    'an address that is not known',
    source('ipBlocks: [10.0.0.0/8]'),
    { peer: { principal: me.principal } },
    false,
  ],
  ['a host', operation('hosts: ["HTTPBIN.foo:8000"]'), {}, true],
  ['a host without its port', operation('hosts: [httpbin.foo]'), {}, false],
  ['the start of a host', operation('hosts: ["httpbin.*"]'), {}, true],
  ['the end of a host', operation('hosts: ["*.FOO:8000"]'), {}, true],
  ['a port', operation('ports: ["8000"]'), {}, true],
  ['not a port', operation('notPorts: ["8000"]'), {}, false],
  ['a method minds case', operation('methods: [get]'), {}, false],
  ['the start of a method', operation('methods: ["G*"]'), {}, true],
  ['a path', operation('paths: [/info]'), {}, true],
  ['a path has no query', operation('paths: [/info]'), { path: '/info?a=b' }, true],
  ['a path minds case', operation('paths: [/Info]'), {}, false],
  ['the start of a path', operation('paths: ["/in*"]'), {}, true],
  ['the end of a path', operation('paths: ["*/info"]'), { path: '/a/info' }, true],
  ['not the end of a path', operation('notPaths: ["*/info"]'), { path: '/a/info' }, false],
  ['a template of one segment', operation('paths: ["/a/{*}/c"]'), { path: '/a/b/c' }, true],
  ['a template of one segment that is empty', operation('paths: ["/a/{*}/c"]'), { path: '/a//c' }, false],
  ['a template of any depth, and more behind', operation('paths: ["/a/{**}/d"]'), { path: '/a/b/c/d' }, true],
  [
    'two operations: one is enough',
    rule('{ to: [{ operation: { methods: [POST] } }, { operation: { paths: [/info] } }] }'),
    {},
    true,
  ],
  ['two fields of an operation hold together', operation('methods: [GET], paths: [/other]'), {}, false],
  ['values and not values', operation('paths: ["/in*"], notPaths: [/info]'), {}, false],
  [
    'from, to and when hold together',
    rule(
      '{ from: [{ source: { principals: ["*"] } }], to: [{ operation: { methods: [GET] } }], when: [{ key: "request.headers[a]", values: [b] }] }',
    ),
    { headers: { a: 'c' } },
    false,
  ],
  [
    'a header that is empty is there',
    when('request.headers[a]', 'values: ["*"]'),
    { headers: { a: '' } },
    true,
  ],
  ['a header that is not there', when('request.headers[a]', 'values: ["*"]'), {}, false],
  [
    'a header that must not be there, and is empty',
    when('request.headers[a]', 'notValues: ["*"]'),
    { headers: { a: '' } },
    false,
  ],
  [
    'a header minds the case of its value',
    when('request.headers[A]', 'values: [b]'),
    { headers: { a: 'B' } },
    false,
  ],
  ['a claim of text', when('request.auth.claims[iss]', 'values: ["x*"]'), { claims: { iss: 'xyz' } }, true],
  [
    'a claim in a list',
    when('request.auth.claims[groups]', 'values: [b]'),
    { claims: { groups: ['a', 'b'] } },
    true,
  ],
  ['a claim that is a number', when('request.auth.claims[n]', 'values: ["1"]'), { claims: { n: 1 } }, false],
  [
    'a claim within a claim',
    when('request.auth.claims[a][b]', 'values: [c]'),
    { claims: { a: { b: 'c' } } },
    true,
  ],
  [
    'a claim that must not be there',
    when('request.auth.claims[a]', 'notValues: ["*"]'),
    { claims: { b: 'c' } },
    true,
  ],
  [
    'a claim that must not be there, and there is no token',
    when('request.auth.claims[a]', 'notValues: ["*"]'),
    {},
    true,
  ],
  [
    'who the token is of',
    source('requestPrincipals: [https://i/s]'),
    { claims: { iss: 'https://i', sub: 's' } },
    true,
  ],
  ['any token', source('requestPrincipals: ["*"]'), { claims: { iss: 'i', sub: 's' } }, true],
  ['any token, but there is none', source('requestPrincipals: ["*"]'), {}, false],
  ['no token', source('notRequestPrincipals: ["*"]'), {}, true],
  [
    'anyone of an issuer',
    source('requestPrincipals: ["https://i/*"]'),
    { claims: { iss: 'https://i', sub: 's' } },
    true,
  ],
  ['the end of a subject', source('requestPrincipals: ["*s"]'), { claims: { iss: 'i', sub: 'xs' } }, true],
  [
    'a subject of any issuer',
    source('requestPrincipals: ["*/s"]'),
    { claims: { iss: 'https://i', sub: 's' } },
    true,
  ],
];
for (const [what, text, exchange, holds] of matchers)
  row(`${what}: ${holds ? 'yes' : 'no'}`, text, exchange, holds ? allowed('foo/p') : denied(null));

const DENY_ADMIN = rule('{ to: [{ operation: { paths: ["/admin*"] } }] }', 'DENY');
const paths: [path: string, options: object, refused: boolean][] = [
  ['/admin', {}, true],
  ['/a/../admin', {}, true],
  ['/./admin', {}, true],
  ['/%61dmin', {}, true],
  ['/a\\..\\admin', {}, true],
  ['//admin', {}, false],
  ['//admin', { pathNormalization: 'MERGE_SLASHES' }, true],
  ['/%2Fadmin', { pathNormalization: 'MERGE_SLASHES' }, false],
  ['/%2Fadmin', { pathNormalization: 'DECODE_AND_MERGE_SLASHES' }, true],
  ['/%5cadmin', { pathNormalization: 'DECODE_AND_MERGE_SLASHES' }, true],
  ['/a/../admin', { pathNormalization: 'NONE' }, false],
  ['/Admin', {}, false],
];
for (const [path, options, refused] of paths)
  row(
    `${path} ${refused ? 'is' : 'is not'} /admin under ${Object.values(options)[0] ?? 'BASE'}`,
    DENY_ADMIN,
    { path },
    refused ? denied('foo/p') : allowed(null),
    options,
  );
