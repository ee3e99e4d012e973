import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { FakeClock } from 'heddle/ports';
import { testAuthority } from './authority.test.helper.js';
import { rotateServerCertificate, type ServerCertificate } from './server-certificate.js';

test('after a sleep of the machine a service that woke up has a good certificate within a minute', async (context) => {
  const clock = new FakeClock();
  const { authority } = await testAuthority(context, { clock });
  let install: (certificate: ServerCertificate) => void = () => {};
  const installed = new Promise<ServerCertificate>((resolve) => {
    install = resolve;
  });
  const log = () => {};
  const stop = rotateServerCertificate({ authority, clock, log, install: (next) => install(next) });
  context.after(stop);
  clock.jumpWall(30 * 3_600_000);
  clock.advance(60_000);
  const { cert } = await installed;
  assert.ok(Date.parse(new X509Certificate(cert).validTo) > clock.wallNow());
});
