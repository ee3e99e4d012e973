import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from 'heddle/ports';
import { createRoot, type IssuerPair, issueCertificate, newKey, SpiffeId } from 'heddle/security';
import { heddle, rootOf, service } from './cli.test.kit.js';

const CONTROL = 'spiffe://cluster.local/ns/heddle-system/sa/control';

interface Impostor {
  readonly url: string;
  /** Credentials that it got to see. */
  readonly stolen: string[];
}

/** Somebody who serves the true roots, and shows a certificate for `id` by `issuer`. */
async function impostor(
  context: TestContext,
  issuer: IssuerPair,
  id: string,
  bundle: string,
): Promise<Impostor> {
  const key = await newKey();
  const now = systemClock.wallNow();
  const validity = { notBefore: now - 60_000, notAfter: now + 3_600_000 };
  const cert = issueCertificate({
    issuer,
    publicKey: createPublicKey(key),
    spiffeId: SpiffeId.parse(id),
    ...validity,
    dnsNames: ['localhost'],
  });
  const stolen: string[] = [];
  const options = { cert: cert + issuer.certificate, key: key.export({ type: 'pkcs8', format: 'pem' }) };
  const server = createServer(options, (request, response) => {
    if (request.headers.authorization !== undefined) stolen.push(request.headers.authorization);
    response.end(request.url === '/v1/bundle' ? bundle : '{"revision":1,"items":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, stolen };
}

test('whoever serves the true roots still has to prove to be the config service before it sees the token', async (context) => {
  const { control, dataDir } = await service(context);
  const file = rootOf(dataDir);
  const real = { certificate: `${file.split('-----BEGIN PRIVATE')[0]}`, key: createPrivateKey(file) };
  const forged = await createRoot({
    trustDomain: 'cluster.local',
    lifetimeMs: 3_600_000,
    wallNow: systemClock.wallNow(),
  });
  const roots = (...list: string[]) => JSON.stringify({ trustDomain: 'cluster.local', roots: list });
  const get = (url: string) => heddle(['get', '--control', url, '--token-file', control.operatorTokenFile]);

  const good = await impostor(context, real, CONTROL, roots(real.certificate));
  assert.equal((await get(good.url)).exit, 0, 'the setting is right');
  assert.equal(good.stolen.length, 1);

  for (const [issuer, id, bundle, expected] of [
    [forged, CONTROL, roots(forged.certificate), /none of its roots has the token's fingerprint/],
    [forged, CONTROL, roots(forged.certificate, real.certificate), /did not prove to be the config service/],
    [
      real,
      'spiffe://cluster.local/ns/default/sa/reviews',
      roots(real.certificate),
      /did not prove to be the config service: it presented spiffe:\/\/cluster\.local\/ns\/default\/sa\/reviews/,
    ],
    [
      real,
      CONTROL,
      roots(real.certificate).replace('cluster.local', 'other.example'),
      /did not prove to be the config service/,
    ],
    [real, CONTROL, '{"trustDomain":"cluster.local","roots":["x"]}', /does not say what its roots are/],
    [real, CONTROL, '[]', /does not say what its roots are/],
    [real, CONTROL, '<html>', /does not say what its roots are/],
  ] as const) {
    const { url, stolen } = await impostor(context, issuer, id, bundle);
    const { exit, stderr } = await get(url);
    assert.equal(exit, 1, stderr);
    assert.match(stderr, expected);
    assert.deepEqual(stolen, []);
  }
});
