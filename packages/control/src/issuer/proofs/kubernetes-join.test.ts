/** The whole way of a pod: the SDK, a projected token that the kubelet replaces, and the service's roots from a ConfigMap. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { test } from 'node:test';
import { join } from 'heddle';
import { dataDirectory, service } from '../../server.test.client.js';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';

test('a pod joins with its service-account token, and is who its service account says', async (context) => {
  const folder = dataDirectory(context);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwks = path(folder, 'jwks.json');
  writeFileSync(jwks, JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] }));
  const { control, operator } = await service(context, { kubernetes: { issuer: ISSUER, jwks } });
  const roots = JSON.parse((await operator.request('GET', '/v1/bundle')).text) as { roots: string[] };
  writeFileSync(path(folder, 'ca.crt'), roots.roots.join(''));

  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const bound = { namespace: 'shop', serviceaccount: { name: 'web', uid: 'u' } };
  const sub = 'system:serviceaccount:shop:web';
  const claims = { iss: ISSUER, aud: ['heddle'], sub, exp, 'kubernetes.io': bound };
  const text = `${part({ alg: 'ES256', kid: 'k' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  writeFileSync(path(folder, 'token'), `${text}.${signature.toString('base64url')}`);

  await using mesh = await join({
    control: control.url,
    tokenFile: path(folder, 'token'),
    controlCaFile: path(folder, 'ca.crt'),
    namespace: 'shop',
    serviceAccount: 'web',
    drainTimeoutMs: 0,
    log: () => {},
  });
  assert.equal(mesh.status().identity?.spiffeId, 'spiffe://cluster.local/ns/shop/sa/web');
});
