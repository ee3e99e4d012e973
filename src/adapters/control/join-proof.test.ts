import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.js';
import { isMeshError } from '../../base/errors.js';
import { fingerprint } from '../../security/bundle/bundle.js';
import { newKey } from '../../security/certificate/keys.js';
import { createRequest } from '../../security/certificate/request.js';
import { ControlIdentity } from './identity.js';
import { requestSvid } from './issuer.js';
import { JoinProof, type JoinProofOptions } from './join-proof.js';
import { newRoot, TestService, tokenFor } from './service.test.helper.js';

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln';
const never = new AbortController().signal;

function files(context: TestContext, texts: Readonly<Record<string, string>>): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  return (name) => join(folder, name);
}

test('a token of a platform goes to a service that the file of roots knows, read anew for each certificate', async (context) => {
  const service = await TestService.start();
  context.after(() => service.kill());
  const path = files(context, { token: `${JWT}\n`, 'ca.pem': service.root.certificate });
  const proof = new JoinProof({ tokenFile: path('token'), controlCaFile: path('ca.pem') });
  const identity = new ControlIdentity({
    url: new URL(service.url),
    clock: systemClock,
    random: { next: () => 0.01 },
    tokenFile: path('token'),
    controlCaFile: path('ca.pem'),
  });
  context.after(() => identity.close());
  await identity.start(never);
  assert.equal(identity.svid.current().id.toString(), 'spiffe://cluster.local/ns/default/sa/productpage');
  assert.deepEqual(service.secretsSeen, [`Bearer ${JWT}`]);

  writeFileSync(path('token'), `${JWT}-next`);
  const issuer = {
    url: new URL(service.url),
    token: () => proof.token(),
    clock: systemClock,
    trust: () => identity.trust(null),
    svid: () => null,
  };
  await requestSvid(issuer, createRequest({ key: await newKey() }), never);
  assert.deepEqual(service.secretsSeen, [`Bearer ${JWT}`, `Bearer ${JWT}-next`]);
});

test('a token of a platform is never sent to a service of other roots', async (context) => {
  const impostor = await TestService.start();
  context.after(() => impostor.kill());
  const path = files(context, { token: JWT, 'ca.pem': (await newRoot()).certificate });
  const identity = new ControlIdentity({
    url: new URL(impostor.url),
    clock: systemClock,
    random: { next: () => 0.01 },
    tokenFile: path('token'),
    controlCaFile: path('ca.pem'),
  });
  context.after(() => identity.close());
  await assert.rejects(identity.start(never), /HEDDLE_PEER_UNTRUSTED.*token was not sent/);
  assert.deepEqual(impostor.secretsSeen, []);
});

test('the roots that are believed are those of the token and those of the file', async (context) => {
  const [one, two, three] = [await newRoot(), await newRoot(), await newRoot()];
  const path = files(context, {
    join: tokenFor(one),
    jwt: JWT,
    'ca.pem': two.certificate + three.certificate,
  });
  const pins = (options: JoinProofOptions) => new JoinProof(options).pins();
  const [first, second, third] = [one, two, three].map(({ certificate }) => fingerprint(certificate));
  assert.deepEqual(pins({ token: tokenFor(one) }), [first]);
  assert.deepEqual(pins({ tokenFile: path('join') }), [first]);
  assert.deepEqual(pins({ tokenFile: path('jwt'), controlCaFile: path('ca.pem') }), [second, third]);
  assert.deepEqual(pins({ tokenFile: path('join'), controlCaFile: path('ca.pem') }), [first, second, third]);
});

test('what is missing or wrong is refused by the name of its setting, and no token is shown', (context) => {
  const path = files(context, { jwt: JWT, empty: '', text: 'none', long: 'x'.repeat(1024 * 1024 + 1) });
  const cases: readonly [JoinProofOptions, RegExp][] = [
    [{}, /needs a join token/],
    [{ tokenFile: path('empty') }, /needs a join token/],
    [{ tokenFile: path('jwt') }, /HEDDLE_CONTROL_CA_FILE/],
    [{ tokenFile: path('nowhere') }, /HEDDLE_TOKEN_FILE: .*nowhere cannot be read/],
    [{ tokenFile: path('long') }, /longer than/],
    [{ token: 'a-secret' }, /the join token is not one/],
    [{ token: JWT, controlCaFile: path('text') }, /HEDDLE_CONTROL_CA_FILE: .* no certificates/],
    [{ token: JWT, controlCaFile: path('nowhere') }, /HEDDLE_CONTROL_CA_FILE: .*cannot be read/],
  ];
  for (const [options, pattern] of cases) {
    assert.throws(
      () => new JoinProof(options),
      (error) => {
        assert.ok(isMeshError(error, 'HEDDLE_INVALID_SETTING'));
        assert.match(error.message, pattern);
        assert.doesNotMatch(error.message, /a-secret|eyJ/);
        return true;
      },
    );
  }
});

test('a token file that is gone when it is needed is an error that names it', async (context) => {
  const path = files(context, { token: tokenFor(await newRoot()) });
  const proof = new JoinProof({ tokenFile: path('token') });
  rmSync(path('token'));
  await assert.rejects(proof.token(), /HEDDLE_IDENTITY_UNAVAILABLE.*the token in .* cannot be read/);
});
