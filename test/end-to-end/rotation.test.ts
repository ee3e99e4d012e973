/**
 * Certificates, intermediates and roots change while calls go on at a constant rate over HTTP/1.1, HTTP/2 and connections that are not HTTP.
 * Not one of them fails; and whoever is left below a root that is gone, or is denied, is refused everywhere.
 * `ROTATION_SECONDS=600 ROTATION_PER_SECOND=167 npm test -- rotation` is the long form: 10 000 calls a minute.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { join, type Mesh } from 'heddle';
import { Child } from './child.js';
import { ConfigService } from './config-service.js';
import { Load, Talk } from './load.js';
import { Probe } from './probe.js';

const SECONDS = Number(process.env.ROTATION_SECONDS ?? 1);
const PER_SECOND = Number(process.env.ROTATION_PER_SECOND ?? 50);
/** Certificates are renewed at half of it. */
const SVID_TTL_MS = 10_000;
const CALLER = 'spiffe://cluster.local/ns/default/sa/productpage';
const PROBE = 'spiffe://cluster.local/ns/default/sa/probe';

interface Issued {
  readonly serial: string;
  readonly root: string;
  readonly notAfter: number;
}

interface Authorities {
  readonly roots: readonly { readonly fingerprint: string; readonly phase: string }[];
  readonly intermediates: readonly { readonly fingerprint: string; readonly signs: boolean }[];
  readonly lagging: readonly string[];
}

/** Who serves, who calls, and who issues to both. */
interface Parties {
  readonly service: ConfigService;
  readonly mesh: Mesh;
  readonly load: Load;
  /** HTTP/1.1 first, then HTTP/2, then the echo. */
  readonly ports: readonly number[];
}

test('not one call fails while certificates, intermediates and roots change, and what is withdrawn is refused', {
  timeout: (SECONDS + 240) * 1_000,
}, async (t) => {
  const parties = await start(t);
  const { load } = parties;
  const until = Date.now() + SECONDS * 1_000;
  let rounds = 0;
  do {
    await rotateAll(t, parties);
    rounds += 1;
  } while (Date.now() < until);
  await denyOne(t, parties);
  await load.stop();
  t.diagnostic(`${load.calls} calls, ${rounds} changes of root`);
  assert.deepEqual(load.failures, []);
  assert.ok(load.calls >= rounds * 100, `${load.calls} calls`);
});

async function start(t: TestContext): Promise<Parties> {
  const service = await ConfigService.start(t, SVID_TTL_MS);
  await service.post('/v1/apply', {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: 'default' },
    spec: { mtls: { mode: 'STRICT' } },
  });
  // Long lives for those who are to outlive their root.
  await service.ask('PUT', '/v1/ca/policy', {
    rules: [{ ids: ['ns/default/sa/probe'], ttlMs: 3_600_000 }, { ids: ['ns/*/sa/*'] }],
  });
  const child = Child.start(t, './rotated.child.js', [], await service.environment('reviews'));
  const ports = (await child.line()).split(' ').map(Number);
  const { HEDDLE_CONTROL: control = '', HEDDLE_TOKEN: token = '' } = await service.environment('productpage');
  const mesh = await join({ control, token, serviceAccount: 'productpage', log: () => {} });
  t.after(() => mesh.close());

  while (mesh.status().clusters.length < ports.length) await delay(20);

  const load = new Load(mesh, PER_SECOND, CALLER);
  t.after(async () => {
    await load.stop();
    // Whatever else ended the test.
    for (const failure of load.failures.slice(0, 10)) t.diagnostic(failure);
  });
  return { service, mesh, load, ports };
}

/** Certificates, then the intermediate, then the root. */
async function rotateAll(t: TestContext, parties: Parties): Promise<void> {
  const { service, mesh, load, ports } = parties;
  const authorities = () => service.ask('GET', '/v1/ca') as Promise<Authorities>;
  const before = await authorities();
  const [old] = before.roots;
  assert.equal(before.roots.length, 1);

  load.phase = 'certificates';
  const talk = new Talk(await mesh.connect('reviews:9000'));
  t.after(() => talk.close());
  await renewed(parties);

  load.phase = 'intermediate';
  await service.post('/v1/ca/rotate', { what: 'intermediate' });
  assert.notEqual(signing(await authorities()), signing(before));
  await renewed(parties);

  load.phase = 'root';
  const probe = await Probe.of(service);
  const withdrawal = await Withdrawal.prepare(t, parties, probe);
  const announcedAt = performance.now();
  await service.post('/v1/ca/rotate', { what: 'root' });
  // All workloads say that they trust the new root: nobody waits for the hour that others would be given.
  while ((await authorities()).roots[1]?.phase !== 'signing') await delay(20);
  t.diagnostic(`the new root signs ${Math.round(performance.now() - announcedAt)} ms after its announcement`);
  const next = (await authorities()).roots[1]!;
  await renewed(parties, next.fingerprint);
  // Through it all, whoever talked went on; those who began before the new root signed are among the withdrawn now.
  assert.equal(talk.endedAt, undefined);
  const later = new Talk(await mesh.connect('reviews:9000'));
  t.after(() => later.close());
  assert.equal((await probe.isLetIn(ports[0]!)).letIn, true);

  load.phase = 'old root gone';
  await withdrawal.carryOut(
    () => service.post('/v1/ca/retire', { root: old!.fingerprint }),
    'a root that is gone',
  );
  await talk.ended();
  const { answers } = later;
  while (later.answers === answers) await delay(20);
  assert.equal(later.endedAt, undefined);
  later.close();
  assert.deepEqual(
    (await authorities()).roots.map(({ fingerprint, phase }) => [fingerprint, phase]),
    [[next.fingerprint, 'signing']],
  );
}

/** A certificate below the root that signs, denied by its serial number. */
async function denyOne(t: TestContext, parties: Parties): Promise<void> {
  const { service, load } = parties;
  load.phase = 'denied';
  const probe = await Probe.of(service);
  const other = await Probe.of(service);
  const withdrawal = await Withdrawal.prepare(t, parties, probe);
  const deny = () => service.post('/v1/ca/denied', { kind: 'serial', value: probe.serial });
  await withdrawal.carryOut(deny, 'an entry of the deny list');
  // Only this one: the same identity with another certificate is as good as before.
  assert.equal((await other.isLetIn(parties.ports[0]!)).letIn, true);
}

/** All that a certificate is good for, before and after it is withdrawn. */
class Withdrawal {
  readonly #t: TestContext;
  readonly #parties: Parties;
  readonly #probe: Probe;
  readonly #host: string;
  readonly #live: readonly Talk[];

  static async prepare(t: TestContext, parties: Parties, probe: Probe): Promise<Withdrawal> {
    const { service, mesh, ports } = parties;
    const host = `probe-${probe.serial.slice(0, 12)}.test`;
    await announce(service, host, await probe.serve(t));
    while (!knows(mesh, host)) await delay(20);
    const inbound = await probe.open(ports[2]!);
    const live = [new Talk(inbound), new Talk(await mesh.connect(`${host}:9000`))];
    for (const talk of live) t.after(() => talk.close());
    while (live.some(({ answers }) => answers === 0)) await delay(20);
    return new Withdrawal(t, parties, probe, host, live);
  }

  private constructor(t: TestContext, parties: Parties, probe: Probe, host: string, live: readonly Talk[]) {
    this.#t = t;
    this.#parties = parties;
    this.#probe = probe;
    this.#host = host;
    this.#live = live;
  }

  /** @param withdraw tells the config service */
  async carryOut(withdraw: () => Promise<unknown>, what: string): Promise<void> {
    const { mesh, ports } = this.#parties;
    const probe = this.#probe;
    const [http = 0, , echo = 0] = ports;
    const session = await probe.resumable(http);

    for (const talk of this.#live) assert.equal(talk.endedAt, undefined);
    const began = performance.now();
    await withdraw();

    const refused = await Promise.all([
      probe.refusedAt(http),
      probe.refusedAt(echo),
      probe.refusedAt(http, session),
      this.#refusedByCaller(mesh),
      ...this.#live.map((talk) => talk.ended()),
    ]);
    const after = refused.map((at) => Math.round(at - began));
    this.#t.diagnostic(
      `${what}: refused after ${after.slice(0, 2).join(' and ')} ms, on a resumed session after ${after[2]} ms, by the caller after ${after[3]} ms; live connections are closed after ${after.slice(4).join(' and ')} ms`,
    );

    assert.equal((await probe.isLetIn(http)).letIn, false);
    assert.equal((await probe.isLetIn(http, session)).letIn, false);
    await assert.rejects(mesh.connect(`${this.#host}:9000`));
  }

  async #refusedByCaller(mesh: Mesh): Promise<number> {
    for (;;) {
      const began = performance.now();
      const stream = await mesh.connect(`${this.#host}:9000`).catch(() => null);
      if (stream === null) return began;
      stream.on('error', () => {}).destroy();
      await delay(10);
    }
  }
}

/** Waits until both sides show certificates that they do not show now, below `root` if it is given. */
async function renewed({ service, mesh, ports }: Parties, root?: string): Promise<void> {
  const probe = await Probe.of(service);
  const first = { shown: await probe.shownBy(ports[0]!), ours: mesh.status().identity?.expiresAt };
  const fits = async (id: string, is: (record: Issued) => boolean) => {
    const { items } = (await service.ask('GET', `/v1/ca/issued?id=${encodeURIComponent(id)}`)) as {
      items: readonly Issued[];
    };
    return items.some((record) => is(record) && (root === undefined || record.root === root));
  };
  for (;;) {
    const [shown, ours] = [await probe.shownBy(ports[0]!), mesh.status().identity?.expiresAt];
    const [theirs, own] = await Promise.all([
      fits('spiffe://cluster.local/ns/default/sa/reviews', ({ serial }) => same(serial, shown)),
      fits(CALLER, ({ notAfter }) => seconds(notAfter) === seconds(Date.parse(ours!))),
    ]);
    if (shown !== first.shown && ours !== first.ours && theirs && own) return;
    await delay(100);
  }
}

/** The probe as a service that the caller knows. */
async function announce(service: ConfigService, host: string, port: number): Promise<void> {
  // First: without it the service would be called in plain text.
  await service.post('/v1/apply', {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: host.split('.')[0], namespace: 'default' },
    spec: { host, trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL', subjectAltNames: [PROBE] } } },
  });
  await service.post('/v1/apply', {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: host.split('.')[0], namespace: 'default' },
    spec: {
      hosts: [host],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: 9000, name: 'tcp', protocol: 'TCP' }],
      endpoints: [{ address: '127.0.0.1', ports: { tcp: port } }],
      subjectAltNames: [PROBE],
    },
  });
}

function knows(mesh: Mesh, host: string): boolean {
  return mesh.status().clusters.some((cluster) => JSON.stringify(cluster).includes(host));
}

function signing({ intermediates }: Authorities): string | undefined {
  return intermediates.find(({ signs }) => signs)?.fingerprint;
}

/** Serial numbers, whatever zeros they begin with. */
function same(a: string, b: string): boolean {
  return BigInt(`0x0${a}`) === BigInt(`0x0${b}`);
}

/** Certificates know no parts of a second. */
function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000);
}
