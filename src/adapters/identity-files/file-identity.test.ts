import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.js';
import { isMeshError } from '../../base/errors.js';
import type { Source } from '../../base/source.js';
import { FakeClock } from '../../base/testing.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import { createRoot, formatSpiffeBundle, Issuer, issueCertificate, newKey } from '../../security/index.js';
import { FileIdentity, type FileIdentityOptions } from './file-identity.js';
import { openIdentityFiles } from './index.js';

const NOW = new FakeClock().wallNow();
let root: Issuer;

before(async () => {
  root = new Issuer(await createRoot({ trustDomain: 'td', lifetimeMs: 1e9, wallNow: NOW }));
});

interface Files {
  readonly chain: string;
  readonly key: string;
  readonly roots: string;
}

async function files(id: string): Promise<Files> {
  const key = await newKey();
  const chain = issueCertificate({
    issuer: root,
    publicKey: createPublicKey(key),
    spiffeId: SpiffeId.parse(id),
    notBefore: NOW,
    notAfter: NOW + 1e6,
  });
  return { chain, key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), roots: root.certificate };
}

function write(folder: string, { chain, key, roots }: Files): void {
  writeFileSync(join(folder, 'cert.pem'), chain);
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'ca.pem'), roots);
}

function temporary(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Wall time stands still, so that certificates stay valid; timers are the machine's, as the file events are. */
const clock = { now: systemClock.now, wallNow: () => NOW, after: systemClock.after };

function options(folder: string, more: Partial<FileIdentityOptions> = {}): FileIdentityOptions {
  return {
    clock,
    chainFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
    rootsFile: join(folder, 'ca.pem'),
    settleMs: 5,
    ...more,
  };
}

function next<T>(source: Source<T>): Promise<T> {
  return new Promise((resolve) => {
    const stop = source.subscribe((value) => {
      stop();
      resolve(value);
    });
  });
}

/** Keeps the test's process alive while it waits for an event of the file system. */
async function awaited<T>(event: Promise<T>): Promise<T> {
  const alive = createServer().listen(0, '127.0.0.1');
  try {
    return await event;
  } finally {
    alive.close();
  }
}

test('files are read at the start, and again when they are overwritten', async (context) => {
  const folder = temporary(context);
  write(folder, await files('spiffe://td/one'));
  const identity = new FileIdentity(options(folder));
  context.after(() => identity.close());
  assert.equal(identity.svid.current().id.toString(), 'spiffe://td/one');
  assert.equal(identity.bundle.current().trustDomain, 'td');
  const changed = next(identity.svid);
  write(folder, await files('spiffe://td/two'));
  assert.equal((await awaited(changed)).id.toString(), 'spiffe://td/two');
});

test('a Kubernetes volume, whose link ..data is swapped, is followed', async (context) => {
  const folder = temporary(context);
  const put = async (version: string, id: string) => {
    mkdirSync(join(folder, version));
    write(join(folder, version), await files(id));
    symlinkSync(version, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  await put('..v1', 'spiffe://td/one');
  for (const name of ['cert.pem', 'key.pem', 'ca.pem']) symlinkSync(join('..data', name), join(folder, name));
  const identity = new FileIdentity(options(folder));
  context.after(() => identity.close());
  const changed = next(identity.svid);
  await put('..v2', 'spiffe://td/two');
  assert.equal((await awaited(changed)).id.toString(), 'spiffe://td/two');
});

test('a certificate whose key has not come yet is refused, and the last good pair stays until it has', async (context) => {
  const folder = temporary(context);
  const [one, two] = [await files('spiffe://td/one'), await files('spiffe://td/two')];
  write(folder, one);
  const failures: unknown[] = [];
  const identity = new FileIdentity(
    options(folder, { clock: new FakeClock(NOW), onFailure: (error) => failures.push(error) }),
  );
  context.after(() => identity.close());
  await identity.reload();
  const first = identity.svid.current();
  write(folder, { ...two, key: one.key });
  await identity.reload();
  assert.equal(identity.svid.current(), first);
  assert.ok(isMeshError(failures.at(-1), 'HEDDLE_IDENTITY_UNAVAILABLE'));
  assert.match(String(failures.at(-1)), /for another key/);
  write(folder, { ...two, chain: two.chain.slice(0, 200) });
  await identity.reload();
  assert.equal(identity.svid.current(), first);
  rmSync(join(folder, 'key.pem'));
  await identity.reload();
  assert.equal(identity.svid.current(), first);
  write(folder, two);
  await identity.reload();
  assert.equal(identity.svid.current().id.toString(), 'spiffe://td/two');
});

test('what is read again unchanged is not told', async (context) => {
  const folder = temporary(context);
  write(folder, await files('spiffe://td/one'));
  const identity = new FileIdentity(options(folder, { clock: new FakeClock(NOW) }));
  context.after(() => identity.close());
  let told = 0;
  identity.svid.subscribe(() => (told += 1));
  identity.bundle.subscribe(() => (told += 1));
  await identity.reload();
  assert.equal(told, 0);
});

test('without any event the files are read again after the time to poll', async (context) => {
  const folder = temporary(context);
  write(folder, await files('spiffe://td/one'));
  const fake = new FakeClock(NOW);
  const identity = new FileIdentity(options(folder, { clock: fake, settleMs: 1e12 }));
  context.after(() => identity.close());
  await identity.reload();
  write(folder, await files('spiffe://td/two'));
  const changed = next(identity.svid);
  fake.advance(900_000);
  assert.equal((await awaited(changed)).id.toString(), 'spiffe://td/two');
});

test('start refuses files that are missing, too long or not an identity, and shows no key', async (context) => {
  const folder = temporary(context);
  const start = () => new FileIdentity(options(folder));
  assert.throws(start, /HEDDLE_IDENTITY_UNAVAILABLE.*cert\.pem/);
  const good = await files('spiffe://td/one');
  write(folder, { ...good, key: 'SECRET-KEY-MATERIAL' });
  assert.throws(start, (error: Error) => {
    assert.match(error.message, /private key cannot be read/);
    assert.doesNotMatch(`${error.message}${String(error.cause)}`, /SECRET/);
    return true;
  });
  write(folder, { ...good, roots: 'x'.repeat(2 * 1024 * 1024) });
  assert.throws(start, /longer than/);
  write(folder, good);
  assert.throws(() => new FileIdentity(options(folder, { trustDomain: 'other' })), /those of other/);
});

test('after close nothing is watched and nothing is told', async (context) => {
  const folder = temporary(context);
  write(folder, await files('spiffe://td/one'));
  const fake = new FakeClock(NOW);
  const identity = new FileIdentity(options(folder, { clock: fake }));
  await identity.close();
  await identity.close();
  assert.equal(fake.pending, 0);
});

test('a folder is opened by its usual names, and what is wrong later goes to the log', async (context) => {
  const folder = temporary(context);
  write(folder, await files('spiffe://td/one'));
  const lines: string[] = [];
  const identity = openIdentityFiles(folder, { clock: new FakeClock(NOW), log: (line) => lines.push(line) });
  context.after(() => identity.close());
  writeFileSync(join(folder, 'cert.pem'), '');
  await identity.reload();
  assert.match(lines[0] ?? '', /identity of before stays.*no certificate/);
  assert.equal(identity.svid.current().id.toString(), 'spiffe://td/one');
});

test("a Secret's names are taken where they are there, and its versions are never mixed, however it is swapped", async (context) => {
  const folder = temporary(context);
  const versions = [await files('spiffe://td/even'), await files('spiffe://td/odd')];
  const put = (version: number) => {
    const name = `..v${version}`;
    const { chain, key, roots } = versions[version % 2]!;
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'tls.crt'), chain);
    writeFileSync(join(folder, name, 'tls.key'), key);
    writeFileSync(join(folder, name, 'ca.crt'), roots);
    symlinkSync(name, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    if (version > 0) rmSync(join(folder, `..v${version - 1}`), { recursive: true });
  };
  put(0);
  for (const name of ['tls.crt', 'tls.key', 'ca.crt']) symlinkSync(join('..data', name), join(folder, name));
  const lines: string[] = [];
  const identity = openIdentityFiles(folder, { clock: new FakeClock(NOW), log: (line) => lines.push(line) });
  context.after(() => identity.close());
  assert.equal(identity.svid.current().id.toString(), 'spiffe://td/even');
  for (let version = 1; version <= 20; version += 1) {
    // Under way while the link is swapped: of one version, or of one that is gone.
    const reading = identity.reload();
    put(version);
    await reading;
    await identity.reload();
    assert.equal(identity.svid.current().id.toString(), `spiffe://td/${version % 2 === 0 ? 'even' : 'odd'}`);
  }
  assert.doesNotMatch(lines.join('\n'), /for another key|does not lead/);
});

test('bundles of foreign trust domains are read beside it, as SPIFFE bundles or PEM, and a wrong one is refused', async (context) => {
  const folder = temporary(context);
  write(folder, await files('spiffe://td/one'));
  const foreign = await createRoot({ trustDomain: 'other', lifetimeMs: 1e9, wallNow: NOW });
  const [json, pem] = [join(folder, 'other.json'), join(folder, 'third.pem')];
  writeFileSync(json, formatSpiffeBundle({ roots: [foreign.certificate] }));
  writeFileSync(pem, foreign.certificate);
  const federated = [
    { trustDomain: 'other', file: json },
    { trustDomain: 'third', file: pem },
  ];
  const failures: unknown[] = [];
  const identity = new FileIdentity(
    options(folder, { clock: new FakeClock(NOW), federated, onFailure: (error) => failures.push(error) }),
  );
  context.after(() => identity.close());
  await identity.reload();
  const roots = [foreign.certificate];
  const both = [
    { trustDomain: 'other', roots },
    { trustDomain: 'third', roots },
  ];
  assert.deepEqual(identity.bundle.current().federated, both);
  writeFileSync(json, '{"keys": []}');
  await identity.reload();
  assert.match(String(failures.at(-1)), /other has no root certificate/);
  assert.deepEqual(identity.bundle.current().federated, both);
});
