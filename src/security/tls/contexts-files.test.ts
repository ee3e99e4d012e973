import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing.js';
import type { TlsSettings } from '../../model/destination.js';
import { TlsContexts } from './contexts.js';
import {
  ask,
  CLIENT,
  contexts,
  createTlsServer,
  FixedIdentity,
  foreign,
  received,
  root,
  SERVER,
  serve,
} from './fixtures.test.js';

test('a client without a certificate is refused', async (context) => {
  const server = await serve(context, (await contexts(SERVER)).contexts);
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, root.certificate);
  const settings: TlsSettings = { mode: 'simple', sni: '', subjectAltNames: [SERVER], caCertificates: ca };
  await assert.rejects(ask(server, new TlsContexts(null), settings));
});

test('modes simple and mutual take their files, and check names as policy or the host says', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const identity = new FixedIdentity(await received(SERVER, root, ['orders.example', '*.wild.example']));
  const server = await serve(context, new TlsContexts(identity));
  const client = (await received(CLIENT)).svid;
  const mutual: TlsSettings = {
    mode: 'mutual',
    sni: '',
    subjectAltNames: [],
    caCertificates: file('ca.pem', root.certificate),
    clientCertificate: file('cert.pem', client.chain.join('')),
    privateKey: file('key.pem', client.key.export({ type: 'pkcs8', format: 'pem' }).toString()),
  };
  const ours = new TlsContexts(null);
  assert.equal(ours.clientContext(mutual), ours.clientContext({ ...mutual }));
  const asked = (settings: TlsSettings, host: string) => ask(server, new TlsContexts(null), settings, host);
  assert.equal((await asked(mutual, 'orders.example')).text, CLIENT);
  assert.equal((await asked(mutual, 'a.wild.example')).text, CLIENT);
  await assert.rejects(asked(mutual, 'other.example'), /HEDDLE_PEER_UNTRUSTED/);
  assert.equal((await asked({ ...mutual, sni: 'orders.example' }, 'other.example')).text, CLIENT);
  assert.equal((await asked({ ...mutual, subjectAltNames: ['x', SERVER] }, 'other.example')).text, CLIENT);
  assert.equal((await asked({ ...mutual, subjectAltNames: ['orders.example'] }, 'x')).text, CLIENT);
  await assert.rejects(
    asked({ ...mutual, subjectAltNames: [CLIENT] }, 'orders.example'),
    /none of the names/,
  );
});

test('a credential is a folder, as Kubernetes mounts a secret', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const client = (await received(CLIENT)).svid;
  mkdirSync(join(folder, 'bank'));
  writeFileSync(join(folder, 'bank', 'ca.crt'), root.certificate);
  writeFileSync(join(folder, 'bank', 'tls.crt'), client.chain.join(''));
  writeFileSync(join(folder, 'bank', 'tls.key'), client.key.export({ type: 'pkcs8', format: 'pem' }));
  const identity = new FixedIdentity(await received(SERVER, root, ['orders.example']));
  const server = await serve(context, new TlsContexts(identity));
  const settings: TlsSettings = { mode: 'mutual', sni: '', subjectAltNames: [], credential: 'bank' };
  const ours = new TlsContexts(null, { credentialsDir: folder });
  assert.equal((await ask(server, ours, settings, 'orders.example')).text, CLIENT);
  const refused = (credential: string, pattern: RegExp, contexts = ours) =>
    assert.throws(() => contexts.clientContext({ ...settings, credential }), pattern);
  refused('other', /HEDDLE_INVALID_SETTING.*other.*ca\.crt/);
  refused('../bank', /is not the name of a credential/);
  refused('bank', /HEDDLE_CREDENTIALS_DIR/, new TlsContexts(null));
});

test('a connection without verification takes any server, keeps no session and takes none', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const server = createTlsServer(await received(SERVER, foreign));
  server.on('secureConnection', (socket) => socket.once('data', () => socket.end('hello')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  writeFileSync(join(folder, 'ca.pem'), root.certificate);
  const verified = {
    mode: 'simple',
    sni: '',
    subjectAltNames: [SERVER],
    caCertificates: join(folder, 'ca.pem'),
  } as const;
  const ours = new TlsContexts(null);
  for (let round = 0; round < 2; round += 1) {
    const answer = await ask(server, ours, { ...verified, insecureSkipVerify: true });
    assert.deepEqual([answer.text, answer.resumed], ['hello', false]);
  }
  assert.equal(ours.sessions.size, 0);
  await assert.rejects(ask(server, ours, verified));
});

test('TLS files that are missing or wrong are refused by name', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'bad.pem');
  const settings: TlsSettings = { mode: 'mutual', sni: '', subjectAltNames: [], privateKey: path };
  assert.throws(() => new TlsContexts(null).clientContext(settings), /HEDDLE_INVALID_SETTING.*bad\.pem/);
  writeFileSync(path, 'not a key');
  assert.throws(() => new TlsContexts(null).clientContext(settings), /HEDDLE_INVALID_SETTING.*bad\.pem/);
});

test('files that change are read again by the next connection after a second; what cannot be used is told, and changes nothing', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const clock = new FakeClock();
  const warnings: string[] = [];
  const ours = new TlsContexts(null, { clock, warn: (line) => warnings.push(line) });
  const ca = join(folder, 'ca.pem');
  const server = await serve(context, (await contexts(SERVER)).contexts);
  const settings: TlsSettings = { mode: 'simple', sni: '', subjectAltNames: [SERVER], caCertificates: ca };
  assert.throws(() => ours.clientContext(settings), /cannot be read/);

  writeFileSync(ca, foreign.certificate);
  const first = ours.clientContext(settings);
  await assert.rejects(ask(server, ours, settings));
  writeFileSync(ca, `${root.certificate}\n`);
  assert.equal(ours.clientContext(settings), first);
  clock.advance(1_000);
  const second = ours.clientContext(settings);
  assert.notEqual(second, first);

  writeFileSync(ca, '-----BEGIN CERTIFICATE-----\nhalf of it');
  clock.advance(1_000);
  assert.equal(ours.clientContext(settings), second);
  assert.match(warnings.join('\n'), /ca\.pem.*go on with what was read before/);
  rmSync(ca);
  clock.advance(1_000);
  assert.equal(ours.clientContext(settings), second);

  // As Kubernetes does: a link that leads to another file, here of the same size.
  writeFileSync(join(folder, 'next.pem'), foreign.certificate);
  symlinkSync('next.pem', ca);
  clock.advance(1_000);
  assert.notEqual(ours.clientContext(settings), second);
});
