/** Tokens in a whole mesh, with policy from files: an issuer that publishes its keys, a service behind Express, and its callers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import express from 'express';
import { join } from 'heddle';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An OpenID provider, as far as keys go. */
async function provider(t: TestContext) {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' };
  const asked: string[] = [];
  const url: string = await serve(t, (request, response) => {
    asked.push(request.url ?? '');
    response.end(
      request.url === '/.well-known/openid-configuration'
        ? JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` })
        : JSON.stringify({ keys: [jwk] }),
    );
  });
  const token = (claims: Record<string, unknown> = {}, life = '1h') =>
    new SignJWT({ scope: 'orders:read orders:write', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(url)
      .setSubject('alice')
      .setExpirationTime(life)
      .sign(privateKey);
  return { url, asked, token };
}

const policy = (issuer: string) => `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: users, namespace: shop }
spec:
  selector: { matchLabels: { app: orders } }
  jwtRules:
    - issuer: ${issuer}
      outputClaimToHeaders: [{ header: x-user, claim: sub }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: orders, namespace: shop }
spec:
  selector: { matchLabels: { app: orders } }
  rules:
    - to: [{ operation: { paths: [/health] } }]
    - from: [{ source: { requestPrincipals: ["*"] } }]
      when: [{ key: "request.auth.claims[scope]", values: ["orders:write"] }]
`;

async function orders(t: TestContext) {
  const issuer = await provider(t);
  const folder = await mkdtemp(path(tmpdir(), 'heddle-tokens-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(path(folder, 'policy.yaml'), policy(issuer.url));
  const mesh = await join({
    policy: folder,
    namespace: 'shop',
    service: 'orders',
    labels: { app: 'orders' },
    log: () => {},
  });
  t.after(() => mesh.close());
  const app = express();
  app.use(mesh.express());
  const routes = express.Router();
  routes.use((request, response) => {
    const { claims, requestPrincipal, policy: decided } = mesh.context() ?? {};
    const { authorization, 'x-user': user } = request.headers;
    response.json({
      requestPrincipal,
      scope: claims?.scope,
      decided,
      authorization: authorization ?? null,
      user,
      url: request.originalUrl,
      query: request.query,
    });
  });
  app.use('/', routes);
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { issuer, base: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('whoever has a token of the issuer that policy names is known to the handler, and to the rules', async (t) => {
  const { issuer, base } = await orders(t);
  const headers = { authorization: `Bearer ${await issuer.token()}`, 'x-user': 'root' };
  for (let count = 0; count < 2; count += 1) {
    const response = await fetch(`${base}/orders`, { headers });
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      requestPrincipal: `${issuer.url}/alice`,
      scope: 'orders:read orders:write',
      decided: 'shop/orders',
      authorization: null,
      user: 'alice',
      url: '/orders',
      query: {},
    });
  }
  assert.deepEqual(issuer.asked, ['/.well-known/openid-configuration', '/keys']);
});

test('a token in the query reaches neither the routes nor their query', async (t) => {
  const { issuer, base } = await orders(t);
  const response = await fetch(`${base}/orders?a=1&access_token=${await issuer.token()}`);
  const { url, query } = (await response.json()) as { url: string; query: unknown };
  assert.deepEqual([url, query], ['/orders?a=1', { a: '1' }]);
});

test('without a token, with a bad one, or with one that may less, a caller gets no further than policy says', async (t) => {
  const { issuer, base } = await orders(t);
  const ask = async (place: string, token?: string) => {
    const response = await fetch(`${base}${place}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    return [response.status, response.status === 200 ? '' : await response.text()];
  };
  assert.deepEqual(await ask('/health'), [200, '']);
  assert.deepEqual(await ask('/orders'), [403, 'RBAC: access denied']);
  assert.deepEqual(await ask('/orders', await issuer.token({ scope: 'orders:read' })), [
    403,
    'RBAC: access denied',
  ]);
  // Whatever the path allows: a token that is there is a good one, or the request is refused.
  assert.deepEqual(await ask('/health', await issuer.token({}, '-1h')), [401, 'Jwt is expired']);
  const stranger = await provider(t);
  assert.deepEqual(await ask('/health', await stranger.token()), [401, 'Jwt issuer is not configured']);
});
