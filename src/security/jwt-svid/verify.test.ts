import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { isMeshError } from '../../base/errors.js';
import { type JwtSvidRules, verifyJwtSvid } from './verify.js';

const NOW = Date.UTC(2026, 0, 1);
const S = NOW / 1_000;
const ID = 'spiffe://td/ns/shop/sa/web';

async function authority(kid: string, alg: string) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)) } as Record<string, unknown>;
  return { kid, alg, privateKey, jwk };
}

const [OURS, OTHERS, FOREIGN] = [
  await authority('a', 'ES256'),
  await authority('a', 'ES256'),
  await authority('f', 'ES256'),
];

const RULES: JwtSvidRules = {
  audiences: ['spiffe://td/ns/shop/sa/reports', 'reports'],
  keys: (trustDomain) => (trustDomain === 'td' ? [OURS] : trustDomain === 'foreign' ? [FOREIGN] : undefined),
  wallNow: NOW,
};

const CLAIMS = { sub: ID, aud: ['reports'], exp: S + 300, iat: S };

function sign(claims: object, { privateKey, alg, kid } = OURS, header: object = {}): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, typ: 'JWT', ...header }).sign(privateKey);
}

test('a token of the trust domain whose bundle signs it, for one of our audiences, is good', async () => {
  const svid = await verifyJwtSvid(await sign({ ...CLAIMS, team: 'x' }), RULES);
  assert.equal(svid.id.toString(), ID);
  assert.deepEqual([svid.audiences, svid.notAfter, svid.claims.team], [['reports'], NOW + 300_000, 'x']);
  await verifyJwtSvid(await sign({ ...CLAIMS, aud: 'reports' }), RULES);
  await verifyJwtSvid(await sign(CLAIMS, OURS, { typ: 'JOSE' }), RULES);
  await verifyJwtSvid(await sign(CLAIMS, OURS, { typ: undefined }), RULES);
  await verifyJwtSvid(await sign({ ...CLAIMS, exp: S - 59 }), RULES);
  await verifyJwtSvid(await sign({ ...CLAIMS, sub: 'spiffe://foreign/x' }, FOREIGN), RULES);
});

// @source JWT-SVID.md §2.1
for (const alg of ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512']) {
  test(`${alg} is an algorithm of the standard`, async () => {
    const one = await authority('k', alg);
    await verifyJwtSvid(await sign(CLAIMS, one), { ...RULES, keys: () => [one] });
  });
}

// @source JWT-SVID.md §2, §3, Appendix A
const REFUSED: readonly [string, () => Promise<string>, RegExp][] = [
  ['without an audience', () => sign({ ...CLAIMS, aud: undefined }), /not meant for/],
  ['for others', () => sign({ ...CLAIMS, aud: ['orders'] }), /not meant for/],
  ['with no text for an audience', () => sign({ ...CLAIMS, aud: ['reports', 1] }), /not a list of texts/],
  ['without an end', () => sign({ ...CLAIMS, exp: undefined }), /no 'exp'/],
  ['that has expired', () => sign({ ...CLAIMS, exp: S - 60 }), /expired/],
  ['that is not valid yet', () => sign({ ...CLAIMS, nbf: S + 61 }), /not valid yet/],
  ['without a subject', () => sign({ ...CLAIMS, sub: undefined }), /'sub' is not a SPIFFE ID/],
  ['of somebody else', () => sign({ ...CLAIMS, sub: 'user@example' }), /'sub' is not a SPIFFE ID/],
  ['of a trust domain itself', () => sign({ ...CLAIMS, sub: 'spiffe://td' }), /not a workload/],
  ['of an unknown domain', () => sign({ ...CLAIMS, sub: 'spiffe://x/y' }), /is not trusted/],
  ['of a domain, signed by another', () => sign({ ...CLAIMS, sub: 'spiffe://foreign/y' }), /'kid'/],
  ['of ours, signed by a foreign one', () => sign(CLAIMS, { ...FOREIGN, kid: 'a' }), /signature/],
  ['signed by an unknown key', () => sign(CLAIMS, OTHERS), /signature/],
  ['without a kid', () => sign(CLAIMS, OURS, { kid: undefined }), /no 'kid'/],
  ['with another kid', () => sign(CLAIMS, OURS, { kid: 'b' }), /'kid'/],
  ['of another type', () => sign(CLAIMS, OURS, { typ: 'at+jwt' }), /'typ'/],
  ['that brings its key along', () => sign(CLAIMS, OURS, { jwk: OURS.jwk }), /headers other than/],
  ['that says where its keys are', () => sign(CLAIMS, OURS, { jku: 'https://x' }), /headers other than/],
  ['signed with EdDSA', async () => sign(CLAIMS, await authority('a', 'EdDSA')), /'alg'/],
  [
    'signed with a secret',
    () =>
      new SignJWT({ ...CLAIMS })
        .setProtectedHeader({ alg: 'HS256', kid: 'a' })
        .sign(new TextEncoder().encode(JSON.stringify(OURS.jwk))),
    /'alg'/,
  ],
  ['that is not signed', async () => unsigned('none'), /'alg'/],
  ['of two parts', async () => (await sign(CLAIMS)).split('.').slice(0, 2).join('.'), /compact form/],
  ['of garbage', async () => 'a.b.c', /compact form/],
  ['that is too long', async () => 'x'.repeat(32_769), /longer than/],
];

function unsigned(alg: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg, kid: 'a' })}.${part(CLAIMS)}.`;
}

for (const [what, make, because] of REFUSED) {
  test(`a token ${what} is refused`, async () => {
    const token = await make();
    await assert.rejects(verifyJwtSvid(token, RULES), (error) => {
      assert.ok(isMeshError(error, 'HEDDLE_PEER_UNTRUSTED'), String(error));
      assert.match(error.message, because);
      assert.ok(!error.message.includes(token));
      return true;
    });
  });
}

test('a signature that was changed is refused, wherever', async () => {
  const token = await sign(CLAIMS);
  const [head, body, signature] = token.split('.') as [string, string, string];
  const other = Buffer.from(JSON.stringify({ ...CLAIMS, sub: 'spiffe://td/admin' })).toString('base64url');
  for (const forged of [
    `${head}.${other}.${signature}`,
    `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    `${head}.${body}.`,
  ])
    await assert.rejects(verifyJwtSvid(forged, RULES), /HEDDLE_PEER_UNTRUSTED/);
});

test('who expects no audience is told so before any token is looked at', async () => {
  await assert.rejects(verifyJwtSvid('x', { ...RULES, audiences: [] }), /HEDDLE_INVALID_ARGUMENT/);
});
