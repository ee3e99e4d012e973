/**
 * What becomes of exchanges where tokens are asked for.
 * @source Istio `security/v1beta1/request_authentication.proto` (examples), `tests/integration/security/jwt_test.go`
 */
import { allowed, authorize, denied, policy, row } from './explain-inbound.test.helper.js';

const ISSUER = 'test-issuer-1@istio.io';
const authenticate = (name: string, rules: string, more = '') =>
  policy('RequestAuthentication', name, `{ ${more} jwtRules: [${rules}] }`);
const KEYS = 'jwksUri: "https://issuer.example/keys"';
const ONE = authenticate('one', `{ issuer: ${ISSUER}, ${KEYS} }`);
const MUST = authorize(
  'must',
  `{ rules: [{ from: [{ source: { requestPrincipals: ["${ISSUER}/sub-1"] } }] }] }`,
);
const claims = { iss: ISSUER, sub: 'sub-1' };
const unauthorized = (name: string | null) =>
  ({ decision: 'deny', status: 401, policy: name, rule: null, audited: [] }) as const;
const forbidden = (name: string) => ({ ...unauthorized(name), status: 403 }) as const;
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (payload: unknown) => `${part({ alg: 'RS256' })}.${part(payload)}.AA`;
const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });

row('tokens are asked for, and none is there', ONE, {}, allowed(null), { step: /there is no token/ });
row('a token is taken as verified', ONE, { claims }, allowed(null), {
  step: /verified by a rule of foo\/one; the caller is test-issuer-1@istio\.io\/sub-1/,
});
row('a token must be there and is', ONE + MUST, { claims }, allowed('foo/must'));
row('a token must be there and is not', ONE + MUST, {}, denied(null), {
  step: /rule 0 of foo\/must \(ALLOW\) does not match: token subject is not known \(no token\)/,
});
row('a token of somebody else', ONE + MUST, { claims: { ...claims, sub: 'sub-2' } }, denied(null));
row('an issuer that no rule names', ONE, { claims: { iss: 'x', sub: 'y' } }, unauthorized(null), {
  step: /deny: Jwt issuer is not configured \(401\)/,
});
row('claims that do not say their issuer', ONE, { claims: { groups: ['a'] } }, allowed(null));

const REQUIRED = authenticate('required', `{ issuer: ${ISSUER}, ${KEYS}, presence: REQUIRED }`);
row('a required token is missing', REQUIRED, {}, unauthorized('foo/required'), { step: /Jwt is missing/ });
row('a required token is there', REQUIRED, { claims }, allowed(null));

const AUDIENCE =
  authenticate(
    'part1',
    `{ issuer: ${ISSUER}, ${KEYS}, audiences: [foo] }, { issuer: two, ${KEYS}, audiences: [bar] }`,
  ) + authenticate('part2', `{ issuer: two, ${KEYS} }`);
row('a wrong audience', AUDIENCE, { claims: { ...claims, aud: 'x' } }, forbidden('foo/part1'));
row('a right audience', AUDIENCE, { claims: { ...claims, aud: ['x', 'https://foo/'] } }, allowed(null));
row('policies are taken together', AUDIENCE, { claims: { iss: 'two', aud: 'x' } }, allowed(null));

row('a token that is none', ONE, bearer('x'), unauthorized('foo/one'));
row('a token of another issuer, read in the request', ONE, bearer(token({ iss: 'x' })), unauthorized(null));
row('a token whose signature nobody looks at', ONE, bearer(token({ iss: ISSUER })), unauthorized('foo/one'), {
  step: /give its 'claims' to take it as verified/,
});
row('a token whose claims are told', ONE, { ...bearer(token({ iss: ISSUER })), claims }, allowed(null));
row('another scheme than Bearer', ONE, { headers: { authorization: 'Basic x' } }, allowed(null));
row('a token in a parameter', ONE, { path: '/?access_token=x' }, unauthorized('foo/one'));
row(
  'a preflight with a token that is none',
  ONE,
  {
    method: 'OPTIONS',
    headers: { authorization: 'Bearer x', origin: 'a', 'access-control-request-method': 'GET' },
  },
  allowed(null),
);

const ELSEWHERE = authenticate(
  'elsewhere',
  `{ issuer: ${ISSUER}, ${KEYS}, fromHeaders: [{ name: X-Jwt, prefix: "Value " }], fromCookies: [session], outputClaimToHeaders: [{ header: x-sub, claim: sub }] }`,
);
row(
  'a token in a header of its own',
  ELSEWHERE,
  { headers: { 'x-jwt': 'Value x' } },
  unauthorized('foo/elsewhere'),
);
row('a token where nobody looks', ELSEWHERE, bearer('x'), allowed(null));
row('a token in a cookie', ELSEWHERE, { headers: { cookie: 'session=x' } }, unauthorized('foo/elsewhere'));
const BY_HEADER = authorize(
  'by-header',
  '{ rules: [{ when: [{ key: "request.headers[x-sub]", values: [sub-1] }] }] }',
);
row('a header that a token fills', ELSEWHERE + BY_HEADER, { claims }, allowed('foo/by-header'));
row('a header that a caller forged', ELSEWHERE + BY_HEADER, { headers: { 'x-sub': 'sub-1' } }, denied(null));

const SELECTED = authenticate(
  'other',
  `{ issuer: x, ${KEYS}, presence: REQUIRED }`,
  'selector: { matchLabels: { app: other } },',
);
row('tokens of other workloads', SELECTED, {}, allowed(null));
row(
  'tokens of the whole mesh',
  policy(
    'RequestAuthentication',
    'mesh',
    `{ jwtRules: [{ issuer: x, ${KEYS}, presence: REQUIRED }] }`,
    'istio-system',
  ),
  {},
  unauthorized('istio-system/mesh'),
);
row(
  'tokens of a gateway',
  authenticate(
    'gateway',
    `{ issuer: x, ${KEYS}, presence: REQUIRED }`,
    'targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: g }],',
  ),
  {},
  allowed(null),
);
row('a connection that is not HTTP has no tokens', REQUIRED, { protocol: 'tcp' }, allowed(null));

const scoped = (value: string, more = '') =>
  authenticate('scoped', `{ issuer: ${ISSUER}, ${KEYS}${more} }`) +
  authorize('scope', `{ rules: [{ when: [{ key: "request.auth.claims[${value}]", values: [write] }] }] }`);
row(
  'one of the scopes',
  scoped('scope'),
  { claims: { ...claims, scope: 'read write' } },
  allowed('foo/scope'),
);
row(
  'one of the permissions',
  scoped('permission'),
  { claims: { ...claims, permission: 'write' } },
  allowed('foo/scope'),
);
row('a text that is no list', scoped('roles'), { claims: { ...claims, roles: 'read write' } }, denied(null));
row(
  'a text that is a list by policy',
  scoped('roles', ', spaceDelimitedClaims: [roles]'),
  { claims: { ...claims, roles: 'read write' } },
  allowed('foo/scope'),
);
