/**
 * RequestAuthentication against Istio's own validation.
 * @source Istio `pkg/config/validation/validation_test.go` (TestValidateRequestAuthentication), `testdata/crds/reqauth-*.yaml`
 */
import { table } from './table.test.helper.js';

const N =
  'xAE7eB6qugXyCAG3yhh7pkDkT65pHymXP7KfIupjf59vsdo91bSP9C8H07pSAGQO1MVxFj9VswgsCg4R6otmg5PV2He95lZdHtOcU5DXIgpbhLdKXbi66GlVeK6ABZOUW3WYtnNHD91gVuoeJTDwtGGcp4ignkgXfkiEm4sw4sfb4qdt5oLbyVpmW6x9cfa7vs2WTfURiCrBoUqgBo';
const RSA = `{"kty":"RSA","e":"AQAB","kid":"k","n":"${N}"}`;
const GATEWAY = '{ group: gateway.networking.k8s.io, kind: Gateway, name: foo }';
const RULES = 'jwtRules: [{ issuer: foo.com, jwksUri: "https://foo.com/cert" }]';

table('RequestAuthentication', [
  ['valid', 'nothing', '{}'],
  ['warning', 'a selector without labels', '{ selector: {} }'],
  ['valid', 'a selector', '{ selector: { matchLabels: { app: a } } }'],
  ['valid', 'a selector of an empty value', `{ selector: { matchLabels: { app: a, v: "" } }, ${RULES} }`],
  ['invalid', 'a selector of an empty key', `{ selector: { matchLabels: { app: a, "": v1 } }, ${RULES} }`],
  ['valid', 'a target', `{ targetRef: ${GATEWAY}, ${RULES} }`],
  ['valid', 'a service as target', `{ targetRefs: [{ group: "", kind: Service, name: foo }], ${RULES} }`],
  [
    'invalid',
    'a target without a name',
    `{ targetRef: { group: gateway.networking.k8s.io, kind: Gateway }, ${RULES} }`,
  ],
  [
    'invalid',
    'a target elsewhere',
    `{ targetRef: { group: gateway.networking.k8s.io, kind: Gateway, name: foo, namespace: bar }, ${RULES} }`,
  ],
  [
    'invalid',
    'a target of a wrong group',
    `{ targetRef: { group: __, kind: Gateway, name: foo }, ${RULES} }`,
  ],
  ['invalid', 'a target of a wrong kind', `{ targetRef: { kind: Serv_ice, name: foo }, ${RULES} }`],
  ['invalid', 'a target and a selector', `{ targetRef: ${GATEWAY}, selector: { matchLabels: { a: b } } }`],
  ['invalid', 'a target and targets', `{ targetRef: ${GATEWAY}, targetRefs: [${GATEWAY}] }`],
  ['invalid', '17 targets', `{ targetRefs: [${`${GATEWAY},`.repeat(17)}] }`],
  ['invalid', 'a rule of null', '{ jwtRules: [null] }'],
  [
    'valid',
    'everything at once',
    '{ jwtRules: [{ issuer: example.com, jwksUri: "https://example.com/.well-known/jwks.json", forwardOriginalToken: true, fromCookies: [foo], fromHeaders: [{ name: foo, prefix: baz }], outputClaimToHeaders: [{ claim: abc, header: def }], timeout: 5s, outputPayloadToHeader: header, spaceDelimitedClaims: [custom_scope, provider.login.scope], presence: REQUIRED }] }',
  ],
]);

table(
  'RequestAuthentication',
  [
    ['invalid', 'an empty rule', '{}'],
    ['invalid', 'an empty issuer', '{ issuer: "" }'],
    ['valid', 'an issuer', '{ issuer: "https://foo.com" }'],
    ['valid', 'keys without an issuer', '{ jwksUri: "https://foo.com/cert" }'],
    ['valid', 'keys without an issuer, as the CRD also writes it', '{ jwks_uri: "https://foo.com/cert" }'],
    ['valid', 'keys in plain text', '{ jwksUri: "http://foo.com:8080/cert" }'],
    ['invalid', 'both spellings', '{ jwksUri: "https://foo.com", jwks_uri: "https://foo.com" }'],
    ['invalid', 'keys of no scheme', '{ issuer: foo.com, jwksUri: foo.com }'],
    ['invalid', 'keys of another scheme', '{ issuer: foo.com, jwksUri: "ftp://foo.com" }'],
    [
      'invalid',
      'keys at a port that is none',
      '{ issuer: foo.com, jwksUri: "https://foo.com:not-a-number" }',
    ],
    ['invalid', 'keys at no place', '{ issuer: example, jwksUri: "hTPp\\\\blah" }'],
    ['invalid', 'keys at a place too long', `{ jwksUri: "https://foo.com/${'a'.repeat(2_048)}" }`],
    ['valid', 'written keys', `{ issuer: foo.com, jwks: '{"keys":[${RSA}]}' }`],
    ['valid', 'one written key', `{ issuer: foo.com, jwks: '${RSA}' }`],
    ['valid', 'no key at all', `{ issuer: foo.com, jwks: '{"keys":[]}' }`],
    ['invalid', 'written keys without an issuer', `{ jwks: '{"keys":[${RSA}]}' }`],
    ['invalid', 'written keys and a place of keys', `{ jwksUri: "https://foo.com", jwks: '${RSA}' }`],
    ['invalid', 'written keys that are none', '{ issuer: foo.com, jwks: foo }'],
    ['invalid', 'a list in place of keys', "{ issuer: foo.com, jwks: '[]' }"],
    ['invalid', 'a key of no type', `{ issuer: foo.com, jwks: '{"keys":[{"kid":"a"}]}' }`],
    ['invalid', 'a key of an unknown type', `{ issuer: foo.com, jwks: '{"keys":[{"kty":"new"}]}' }`],
    ['invalid', 'half a key', `{ issuer: foo.com, jwks: '{"keys":[{"kty":"RSA","e":"AQAB"}]}' }`],
    [
      'warning',
      'a private key',
      `{ issuer: foo.com, jwks: '{"keys":[${RSA.replace('}', ',"d":"AQAB"}')}]}' }`,
    ],
    ['warning', 'a shared secret', `{ issuer: foo.com, jwks: '{"keys":[{"kty":"oct","k":"AAAA"}]}' }`],
  ],
  (rule) => `{ jwtRules: [${rule}] }`,
);

table(
  'RequestAuthentication',
  [
    ['valid', 'audiences', 'audiences: [a, b]'],
    ['invalid', 'an empty audience', 'audiences: [""]'],
    ['valid', 'a header', 'fromHeaders: [{ name: x-foo, prefix: "Bearer " }]'],
    ['invalid', 'a header without a name', 'fromHeaders: [{ prefix: baz }]'],
    ['invalid', 'a header with an empty name', 'fromHeaders: [{ name: "", prefix: "Bearer " }]'],
    ['invalid', 'a header of null', 'fromHeaders: [null]'],
    ['invalid', 'an empty parameter', 'fromParams: [""]'],
    ['invalid', 'an empty cookie', 'fromCookies: ["", foo]'],
    ['invalid', 'a claim of null', 'outputClaimToHeaders: [null]'],
    ['invalid', 'a claim of nothing', 'outputClaimToHeaders: [{}]'],
    ['invalid', 'a claim without a name', 'outputClaimToHeaders: [{ header: x-jwt-claim, claim: "" }]'],
    ['invalid', 'a claim for no header', 'outputClaimToHeaders: [{ header: "", claim: sub }]'],
    ['invalid', 'a claim for what is no header', 'outputClaimToHeaders: [{ header: "abc%123", claim: sub }]'],
    ['invalid', 'a claim for the authority', 'outputClaimToHeaders: [{ header: ":authority", claim: sub }]'],
    ['not done yet', 'a claim for the host', 'outputClaimToHeaders: [{ header: Host, claim: sub }]'],
    ['not done yet', 'claims for the length', 'outputPayloadToHeader: content-length'],
    ['valid', 'a time', 'timeout: 10ms'],
    ['invalid', 'a time that is none', 'timeout: apple'],
    ['invalid', 'no time', 'timeout: 0s'],
    ['invalid', 'a time too short', 'timeout: 100us'],
    ['valid', 'lists in one text', 'spaceDelimitedClaims: [a, b.c]'],
    ['invalid', 'an empty list in one text', 'spaceDelimitedClaims: [""]'],
    ['invalid', '65 lists in one text', `spaceDelimitedClaims: [${'a,'.repeat(65)}]`],
    ['valid', 'a token that need not be', 'presence: OPTIONAL'],
    ['invalid', 'a token that is mandatory', 'presence: MANDATORY'],
    ['invalid', 'a field that does not exist', 'jwksURI: "https://foo.com"'],
  ],
  (part) => `{ jwtRules: [{ issuer: "https://foo.com", ${part} }] }`,
);

table(
  'RequestAuthentication',
  [['invalid', 'a dry run', '{}']],
  (part) => part,
  ', annotations: { istio.io/dry-run: "true" }',
);
