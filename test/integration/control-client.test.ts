/** A workload and the real config service: identity, policy, restarts and refusals, over real sockets. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Control, type ControlOptions, startControl, type WorkloadStatus } from '@heddle/control';
import { isMeshError, type JoinOptions, join, type Mesh } from 'heddle';
import { Agent, request } from 'undici';
import { Relay } from './relay.js';

async function folder(t: TestContext): Promise<string> {
  const name = await mkdtemp(path(tmpdir(), 'heddle-integration-'));
  t.after(() => rm(name, { recursive: true, force: true }));
  return name;
}

/** The config service, and an operator who may do everything. */
class Service {
  static async start(
    t: TestContext,
    options: Partial<ControlOptions> = {},
    relay: Relay | null = null,
  ): Promise<Service> {
    const dataDir = options.dataDir ?? (await folder(t));
    const control = await startControl({ port: 0, log: () => {}, ...options, dataDir });
    const token = (await readFile(control.operatorTokenFile, 'utf8')).trim();
    const service = new Service(control, dataDir, token, relay);
    if (relay !== null) relay.target = control.port;
    t.after(() => service.stop());
    return service;
  }

  readonly #agent = new Agent({ connect: { rejectUnauthorized: false } });

  private constructor(
    readonly control: Control,
    readonly dataDir: string,
    readonly operatorToken: string,
    readonly relay: Relay | null,
  ) {}

  async stop(): Promise<void> {
    if (this.relay?.target === this.control.port) this.relay.target = null;
    if (!this.#agent.destroyed) await this.#agent.close();
    await this.control.close();
  }

  async ask<T>(method: 'GET' | 'POST', at: string, body?: string): Promise<T> {
    const answer = await request(`${this.control.url}${at}`, {
      method,
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.operatorToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.body.text();
    assert.ok(answer.statusCode < 300, `${answer.statusCode} ${text}`);
    return JSON.parse(text) as T;
  }

  async joinToken(more: object = {}): Promise<string> {
    const grant = JSON.stringify({ namespace: 'default', serviceAccount: 'productpage', ...more });
    return (await this.ask<{ token: string }>('POST', '/v1/tokens', grant)).token;
  }

  /** @returns the revision of the write */
  async apply(name: string): Promise<number> {
    const document = JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name },
      spec: {
        hosts: [`${name}.example`],
        resolution: 'STATIC',
        ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        endpoints: [{ address: '127.0.0.1' }],
      },
    });
    return (await this.ask<{ revision: number }>('POST', '/v1/apply', document)).revision;
  }

  /** Asks again and again until the workload runs `revision`. */
  async untilAccepted(revision: number): Promise<WorkloadStatus> {
    for (;;) {
      const { items } = await this.ask<{ items: WorkloadStatus[] }>('GET', '/v1/workloads');
      const found = items.find(({ stream }) => stream !== null && stream.accepted >= revision);
      if (found !== undefined) return found;
    }
  }
}

async function member(t: TestContext, service: Service, options: JoinOptions): Promise<Mesh> {
  const mesh = await join({
    control: service.control.url,
    namespace: 'default',
    serviceAccount: 'productpage',
    service: 'productpage',
    accessLog: 'off',
    joinTimeoutMs: 60_000,
    log: () => {},
    ...options,
  });
  t.after(() => mesh.close());
  return mesh;
}

test('a workload with a token gets its SVID and its policy, and the service sees which revision it runs', async (t) => {
  const service = await Service.start(t);
  const first = await service.apply('a');
  const mesh = await member(t, service, { token: await service.joinToken() });
  assert.equal(mesh.status().identity?.spiffeId, 'spiffe://cluster.local/ns/default/sa/productpage');
  assert.ok(mesh.status().revision >= first);
  const second = await service.apply('b');
  const seen = await service.untilAccepted(second);
  assert.equal(seen.spiffeId, 'spiffe://cluster.local/ns/default/sa/productpage');
  assert.equal(mesh.status().revision, second);
  assert.equal(mesh.status().source.refused, null);
});

test('a restart of the service costs no policy, and the workload takes up where it was', async (t) => {
  const relay = await Relay.start(t);
  const before = await Service.start(t, {}, relay);
  const first = await before.apply('a');
  const token = await before.joinToken({ uses: 1 });
  const mesh = await member(t, before, { control: relay.url, token });
  await before.stop();
  assert.ok(mesh.status().revision >= first);
  const after = await Service.start(t, { dataDir: before.dataDir }, relay);
  const second = await after.apply('b');
  await after.untilAccepted(second);
  assert.equal(mesh.status().source.connected, true);
  assert.equal(mesh.status().source.staleSince, null);
});

test('a token that was used up keeps its workload from joining, with what to do', async (t) => {
  const service = await Service.start(t);
  const token = await service.joinToken({ uses: 1 });
  await member(t, service, { token });
  const failed = member(t, service, { token });
  await assert.rejects(failed, (error) => {
    assert.ok(isMeshError(error, 'HEDDLE_JOIN_FAILED'), String(error));
    assert.match(error.message, /\(401\).*heddle token create/);
    return true;
  });
});

test('a token of another mesh is not sent, and the workload does not join', async (t) => {
  const [mine, other] = [await Service.start(t), await Service.start(t)];
  const failed = member(t, other, { token: await mine.joinToken() });
  await assert.rejects(failed, /HEDDLE_JOIN_FAILED.*none of the roots.*token was not sent/);
});

test('a workload that claims to be another than its token says is turned away', async (t) => {
  const service = await Service.start(t);
  const token = await service.joinToken();
  const failed = member(t, service, { token, serviceAccount: 'reviews' });
  await assert.rejects(failed, /HEDDLE_JOIN_FAILED.*not of default\/reviews/);
});

test('while the service is away a workload starts from its last good policy, and catches up later', async (t) => {
  const stateDir = path(await folder(t), 'state');
  const relay = await Relay.start(t);
  const before = await Service.start(t, {}, relay);
  const token = await before.joinToken();
  const first = await before.apply('a');
  const earlier = await member(t, before, { control: relay.url, token, stateDir });
  await before.untilAccepted(first);
  await earlier.close();
  await before.stop();

  const mesh = await member(t, before, { control: relay.url, token, stateDir });
  assert.equal(mesh.status().source.fromLastGood, true);
  assert.ok(mesh.status().revision >= first);
  const after = await Service.start(t, { dataDir: before.dataDir }, relay);
  const second = await after.apply('b');
  await after.untilAccepted(second);
  assert.equal(mesh.status().source.fromLastGood, false);
  assert.notEqual(mesh.status().identity, null);
  // Its state folder goes next.
  await mesh.close();
});

test('a service in dev mode is joined without a token and without an identity', async (t) => {
  const service = await Service.start(t, { dev: true });
  const revision = await service.apply('a');
  const mesh = await member(t, service, {});
  await service.untilAccepted(revision);
  assert.equal(mesh.status().identity, null);
});

test('certificates are replaced while the workload runs, its connection with them, and policy keeps coming', async (t) => {
  const service = await Service.start(t, { svidTtlMs: 5_000 });
  const mesh = await member(t, service, { token: await service.joinToken() });
  const first = mesh.status().identity?.expiresAt;
  const { stream } = await service.untilAccepted(mesh.status().revision);
  let seen = stream;
  while (seen === null || seen.connectedSince === stream?.connectedSince) {
    seen = (await service.untilAccepted(0)).stream;
  }
  assert.notEqual(mesh.status().identity?.expiresAt, first);
  const revision = await service.apply('a');
  await service.untilAccepted(revision);
  assert.equal(mesh.status().revision, revision);
});

test('callers learn from the service which protocol a port speaks, and use it', async (t) => {
  const service = await Service.start(t);
  const as = { serviceAccount: 'reviews' };
  const server = await member(t, service, {
    ...as,
    service: 'reviews',
    address: '127.0.0.1',
    drainTimeoutMs: 0,
    token: await service.joinToken(as),
  });
  const spoken: RequestListener = (request, response) => void response.end(request.httpVersion);
  await server.listen(spoken, 0, { servicePort: 80 });
  await server.listen(spoken, 0, { servicePort: 81, protocol: 'http2' });
  const caller = await member(t, service, { token: await service.joinToken(), drainTimeoutMs: 0 });
  const ask = async (port: number) => (await caller.fetch(`http://reviews:${port}/`)).text();
  // Until the caller has heard of the ports.
  const known = (error: unknown) => !isMeshError(error, 'HEDDLE_NO_ROUTE');
  const untilKnown = async (port: number): Promise<string> => {
    for (;;) {
      try {
        return await ask(port);
      } catch (error) {
        if (known(error)) throw error;
        await turn();
      }
    }
  };
  assert.equal(await untilKnown(80), '1.1');
  assert.equal(await untilKnown(81), '2.0');
});
