import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { FakeClock } from 'heddle/ports';
import { dataDirectory } from '../server.test.client.js';
import { openEmbeddedStore } from '../store/embedded.js';
import { Authority } from './authority.js';
import { loadRoot } from './root.js';
import { rotateServerCertificate, type ServerCertificate } from './server-certificate.js';

test('after a sleep of the machine a service that woke up has a good certificate within a minute', async (context) => {
  const directory = dataDirectory(context);
  const clock = new FakeClock();
  const store = openEmbeddedStore({ directory: `${directory}/store`, clock });
  context.after(() => store.close());
  const trustDomain = 'cluster.local';
  const root = await loadRoot({ directory, trustDomain, clock, isNew: true });
  const authority = new Authority({ root, trustDomain, svidTtlMs: 3_600_000, store, clock });
  let install: (certificate: ServerCertificate) => void = () => {};
  const installed = new Promise<ServerCertificate>((resolve) => {
    install = resolve;
  });
  const stop = rotateServerCertificate({ authority, clock, install: (next) => install(next) });
  context.after(stop);
  clock.jumpWall(30 * 3_600_000);
  clock.advance(60_000);
  const { cert } = await installed;
  assert.ok(Date.parse(new X509Certificate(cert).validTo) > clock.wallNow());
});
