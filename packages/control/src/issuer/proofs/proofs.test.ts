/** Every proof over real sockets: the service as it runs, a cluster's keys as a file and behind a real HTTPS server. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FakeClock, SpiffeId } from 'heddle/ports';
import { createRoot, issueCertificate, newKey } from 'heddle/security';
import type { LogRecord } from '../../log.js';
import {
  assertRefused,
  Client,
  dataDirectory,
  joinToken,
  keyAndRequest,
  type Reply,
  service,
  workload,
} from '../../server.test.client.js';
import type { KubernetesSettings } from './index.js';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';

interface ClusterKey {
  readonly kid: string;
  readonly key: KeyObject;
  readonly jwk: object;
}

function clusterKey(kid: string): ClusterKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    kid,
    key: privateKey,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' },
  };
}

const [CLUSTER, NEXT, OTHER] = [clusterKey('one'), clusterKey('two'), clusterKey('one')];

/** As the kubelet puts it into a pod. */
function claims(changes: object = {}): object {
  const now = Math.floor(Date.now() / 1_000);
  return {
    aud: ['heddle'],
    exp: now + 3_600,
    iat: now,
    nbf: now,
    iss: ISSUER,
    'kubernetes.io': {
      namespace: 'shop',
      pod: { name: 'reviews-7d4f-x2x9z', uid: '5a1f' },
      serviceaccount: { name: 'reviews', uid: '77aa' },
    },
    sub: 'system:serviceaccount:shop:reviews',
    ...changes,
  };
}

function jwt(payload: object, { key, kid }: ClusterKey = CLUSTER, header: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256', kid, ...header })}.${part(payload)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

function jwksFile(context: TestContext, ...keys: readonly ClusterKey[]): string {
  const path = join(dataDirectory(context), 'jwks.json');
  writeFileSync(path, JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
  return path;
}

async function cluster(context: TestContext, settings: Partial<KubernetesSettings> = {}) {
  const records: LogRecord[] = [];
  const kubernetes = { issuer: ISSUER, jwks: jwksFile(context, CLUSTER), ...settings };
  const running = await service(context, { kubernetes, log: (record) => void records.push(record) });
  const ask = async (token: string): Promise<Reply> =>
    new Client(context, running.control.url, { token }).post('/v1/svid', {
      csr: (await keyAndRequest()).csr,
    });
  const reasons = () =>
    records.filter(({ event }) => event === 'kubernetes.token.refused').map(({ fields }) => fields.because);
  return { ...running, ask, records, reasons, kubernetes };
}

test('a projected service-account token is worth the SVID of its service account, checked by a file of keys alone', async (context) => {
  const { ask, records } = await cluster(context);
  const reply = await ask(jwt(claims()));
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.json.spiffeId, 'spiffe://cluster.local/ns/shop/sa/reviews');
  const issued = records.find(({ event }) => event === 'svid.issued');
  assert.equal(issued?.fields.by, 'kubernetes:shop/reviews-7d4f-x2x9z');
  assert.equal((await ask(jwt(claims({ aud: 'heddle' })))).status, 200);
});

const now = Math.floor(Date.now() / 1_000);
const bound = (serviceaccount: object, namespace: string) => ({
  'kubernetes.io': { namespace, serviceaccount },
});
const REFUSED: readonly [string, string, RegExp][] = [
  ['of another issuer', jwt(claims({ iss: 'https://elsewhere' })), /issuer is "https:\/\/elsewhere"/],
  ['without an issuer', jwt(claims({ iss: undefined })), /issuer/],
  ['for another audience', jwt(claims({ aud: ['https://kubernetes.default.svc'] })), /expected the audience/],
  ['for no audience', jwt(claims({ aud: undefined })), /expected the audience/],
  ['that has expired', jwt(claims({ exp: now - 61 })), /expired/],
  ['without an end', jwt(claims({ exp: undefined })), /has no end/],
  ['that is not valid yet', jwt(claims({ nbf: now + 3_600 })), /not valid yet/],
  ['of no service account', jwt(claims({ 'kubernetes.io': undefined })), /no kubernetes\.io claim/],
  ['of a wrong namespace', jwt(claims(bound({ name: 'a' }, '../x'))), /no kubernetes\.io claim/],
  ['of a wrong account', jwt(claims(bound({ name: 'a/b' }, 'shop'))), /no kubernetes\.io claim/],
  ['whose subject is another', jwt(claims({ sub: 'system:serviceaccount:shop:other' })), /subject/],
  [
    'that would be the service itself',
    jwt(
      claims({
        ...bound({ name: 'control' }, 'heddle-system'),
        sub: 'system:serviceaccount:heddle-system:control',
      }),
    ),
    /nobody can have an identity in heddle-system/,
  ],
  ['signed by somebody else', jwt(claims(), OTHER), /not signed by a key of the cluster \(signature\)/],
  ['of an unknown key', jwt(claims(), NEXT), /not signed by a key of the cluster \(noKey\)/],
  ['that is not signed', jwt(claims(), CLUSTER, { alg: 'none' }), /cannot be read \(algorithm\)/],
  ['signed with a secret', jwt(claims(), CLUSTER, { alg: 'HS256' }), /signed with HS256/],
  ['of garbage', 'a.b.c', /cannot be read/],
];

test('a token that is not good gets 401 and no reason, and the log has the reason but not the token', async (context) => {
  const { ask, reasons, records } = await cluster(context);
  const texts = new Set<string>();
  for (const [what, token, reason] of REFUSED) {
    const reply = await ask(token);
    assertRefused(reply, 401, 'unauthenticated');
    assert.match(String(reasons().at(-1)), reason, what);
    assert.ok(!JSON.stringify(records).includes(token), what);
    texts.add(reply.text);
  }
  assert.equal(reasons().length, REFUSED.length);
  assert.equal(texts.size, 1);
});

test('without a cluster in the settings no token of one is good', async (context) => {
  const { control } = await service(context);
  const client = new Client(context, control.url, { token: jwt(claims()) });
  assertRefused(await client.post('/v1/svid', { csr: (await keyAndRequest()).csr }), 401, 'unauthenticated');
});

test('a token of a cluster is for joining only', async (context) => {
  const { control } = await cluster(context);
  const client = new Client(context, control.url, { token: jwt(claims()) });
  assertRefused(await client.request('GET', '/v1/resources'), 403, 'forbidden');
  assertRefused(await client.post('/v1/stream', ''), 403, 'forbidden');
});

test('a file of keys that is replaced holds from the next token on, and one that is gone refuses all', async (context) => {
  const { ask, kubernetes, reasons } = await cluster(context);
  writeFileSync(kubernetes.jwks, JSON.stringify({ keys: [NEXT.jwk] }));
  assert.equal((await ask(jwt(claims(), NEXT))).status, 200);
  assertRefused(await ask(jwt(claims(), CLUSTER)), 401, 'unauthenticated');
  writeFileSync(kubernetes.jwks, 'half a fi');
  assertRefused(await ask(jwt(claims(), NEXT)), 401, 'unauthenticated');
  assert.match(String(reasons().at(-1)), /noKeys/);
});

/** The cluster's API server: keys over HTTPS, for those who show a token. */
async function apiServer(context: TestContext, bearer: string) {
  const folder = dataDirectory(context);
  const root = await createRoot({ trustDomain: 'kube', lifetimeMs: 3_600_000, wallNow: Date.now() });
  const key = await newKey();
  const cert = issueCertificate({
    issuer: root,
    publicKey: createPublicKey(key),
    spiffeId: SpiffeId.parse('spiffe://kube/api'),
    notBefore: Date.now() - 60_000,
    notAfter: Date.now() + 600_000,
    dnsNames: ['localhost'],
  });
  const asked: string[] = [];
  let keys = [CLUSTER];
  const server = createServer(
    { cert, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() },
    (request, response) => {
      asked.push(request.url ?? '');
      const good = request.headers.authorization === `Bearer ${bearer}`;
      if (!good) return void response.writeHead(401).end();
      const document =
        request.url === '/openid/v1/jwks'
          ? { keys: keys.map(({ jwk }) => jwk) }
          : { issuer: url, jwks_uri: `${url}/openid/v1/jwks` };
      response.end(JSON.stringify(document));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => void server.close().closeAllConnections());
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const [caFile, tokenFile] = [join(folder, 'ca.crt'), join(folder, 'token')];
  writeFileSync(caFile, root.certificate);
  writeFileSync(tokenFile, `${bearer}\n`);
  return { url, caFile, tokenFile, asked, turn: (next: ClusterKey[]) => (keys = next) };
}

test("keys come from where the issuer's own document says, over verified TLS, once for many tokens", async (context) => {
  const api = await apiServer(context, 'reader');
  const { url: issuer, caFile, tokenFile } = api;
  const kubernetes = { issuer, caFile, tokenFile };
  const { control } = await service(context, { kubernetes });
  for (let round = 0; round < 3; round += 1) {
    const client = new Client(context, control.url, { token: jwt(claims({ iss: issuer })) });
    const reply = await client.post('/v1/svid', { csr: (await keyAndRequest()).csr });
    assert.equal(reply.status, 200, reply.text);
  }
  assert.deepEqual(api.asked, ['/.well-known/openid-configuration', '/openid/v1/jwks']);
});

test('keys from a URL are fetched again for a key that is not known, and not from a server that proves nothing', async (context) => {
  const api = await apiServer(context, 'reader');
  const clock = new FakeClock(Date.now(), performance.now());
  const { caFile, tokenFile } = api;
  const jwks = `${api.url}/openid/v1/jwks`;
  const ask = async (kubernetes: KubernetesSettings, keys: ClusterKey[]) => {
    const { control } = await service(context, { kubernetes, clock });
    const replies: number[] = [];
    for (const key of keys) {
      const client = new Client(context, control.url, { token: jwt(claims(), key) });
      replies.push((await client.post('/v1/svid', { csr: (await keyAndRequest()).csr })).status);
      api.turn([CLUSTER, NEXT]);
      clock.advance(60_000);
    }
    return replies;
  };
  assert.deepEqual(await ask({ issuer: ISSUER, jwks, caFile, tokenFile }, [CLUSTER, NEXT]), [200, 200]);
  assert.deepEqual(await ask({ issuer: ISSUER, jwks, tokenFile }, [CLUSTER]), [401]);
  assert.deepEqual(await ask({ issuer: ISSUER, jwks, caFile }, [CLUSTER]), [401]);
});

test('a cluster that is not described right is refused at the start, by name', async (context) => {
  const cases: readonly [KubernetesSettings, RegExp][] = [
    [{ issuer: '' }, /kubernetes\.issuer is empty/],
    [{ issuer: 'kubernetes/serviceaccount' }, /kubernetes\.issuer .* not an https URL/],
    [{ issuer: ISSUER, audiences: [] }, /kubernetes\.audiences/],
    [{ issuer: ISSUER, audiences: [''] }, /kubernetes\.audiences/],
    [{ issuer: ISSUER, jwks: 'http://api/keys' }, /kubernetes\.jwks/],
  ];
  for (const [kubernetes, pattern] of cases) await assert.rejects(service(context, { kubernetes }), pattern);
});

test('a join token and a current SVID are proofs, too, and the record says which it was', async (context) => {
  const records: LogRecord[] = [];
  const running = await service(context, { log: (record) => void records.push(record) });
  const { client, svid } = await workload(context, running, 'reviews');
  const renewed = await client.post('/v1/svid', { csr: (await keyAndRequest()).csr });
  assert.equal(renewed.json.spiffeId, svid.spiffeId);
  const by = records.filter(({ event }) => event === 'svid.issued').map(({ fields }) => String(fields.by));
  assert.match(by[0]!, /^token:[0-9a-f]{10}$/);
  assert.match(by[1]!, /^svid:[0-9a-f]+$/);
});

test('who tries too many wrong tokens is told to wait, and those who renew by certificate are not kept from it', async (context) => {
  const clock = new FakeClock(Date.now(), performance.now());
  const running = await service(context, { clock });
  const { client } = await workload(context, running, 'reviews');
  const { csr } = await keyAndRequest();
  const guessing = new Client(context, running.control.url, { token: `heddle1.abc.${'A'.repeat(43)}.-` });
  let reply = await guessing.post('/v1/svid', { csr });
  for (let tries = 1; reply.status === 401 && tries < 50; tries += 1)
    reply = await guessing.post('/v1/svid', { csr });
  assertRefused(reply, 429, 'rate_limited');
  assert.ok(Number(reply.headers['retry-after']) >= 1);
  assert.equal((await client.post('/v1/svid', { csr })).status, 200);
  clock.advance(60_000);
  const good = new Client(context, running.control.url, {
    token: await joinToken(running.operator, 'reviews'),
  });
  assert.equal((await good.post('/v1/svid', { csr })).status, 200);
});
