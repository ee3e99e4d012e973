/** The config service of a test: a process of its own, that can be killed and started again. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { TestContext } from 'node:test';
import { Agent, request } from 'undici';
import { Relay } from '../integration/relay.js';
import { Child } from './child.js';

/** A folder of the test's own. */
export async function folder(t: TestContext): Promise<string> {
  const name = await mkdtemp(path(tmpdir(), 'heddle-processes-'));
  t.after(() => rm(name, { recursive: true, force: true }));
  return name;
}

/** The config service as a process, behind an address that stays the same when it is started again. */
export class ConfigService {
  readonly #t: TestContext;
  readonly #dataDir: string;
  readonly #svidTtlMs: number;
  readonly relay: Relay;
  readonly #agent = new Agent({ connect: { rejectUnauthorized: false } });
  child!: Child;

  /** @param svidTtlMs life of the certificates that it issues */
  static async start(t: TestContext, svidTtlMs = 3_600_000): Promise<ConfigService> {
    const service = new ConfigService(t, await folder(t), await Relay.start(t), svidTtlMs);
    await service.run();
    t.after(() => service.#agent.destroy());
    return service;
  }

  private constructor(t: TestContext, dataDir: string, relay: Relay, svidTtlMs: number) {
    this.#t = t;
    this.#dataDir = dataDir;
    this.relay = relay;
    this.#svidTtlMs = svidTtlMs;
  }

  async run(): Promise<void> {
    this.child = Child.start(this.#t, './control.child.js', [this.#dataDir, String(this.#svidTtlMs)]);
    this.relay.target = Number(await this.child.line());
  }

  async kill(): Promise<void> {
    this.relay.target = null;
    this.child.kill('SIGKILL');
    await this.child.exit;
  }

  async post(at: string, body: object): Promise<{ token: string; revision: number }> {
    return (await this.ask('POST', at, body)) as { token: string; revision: number };
  }

  /** @param token whose; the operator's by default */
  async ask(method: 'GET' | 'POST' | 'PUT', at: string, body?: object, token?: string): Promise<unknown> {
    const authority = token ?? (await readFile(await this.child.line(() => true, 1), 'utf8')).trim();
    const send = () =>
      request(`${this.relay.url}${at}`, {
        method,
        dispatcher: this.#agent,
        // The service may have been killed and started again since the last time.
        reset: true,
        headers: { authorization: `Bearer ${authority}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    // On a machine that has no time a handshake may end before it is done. What is asked is not about that.
    const answer = await send().catch((error: Error) => {
      if (!/before secure TLS connection/.test(error.message)) throw error;
      return send();
    });
    const text = await answer.body.text();
    assert.ok(answer.statusCode < 300, `${answer.statusCode} ${text}`);
    return JSON.parse(text);
  }

  /** What a workload's environment says. */
  async environment(service: string): Promise<Record<string, string>> {
    const { token } = await this.post('/v1/tokens', { namespace: 'default', serviceAccount: service });
    return {
      HEDDLE_CONTROL: this.relay.url,
      HEDDLE_TOKEN: token,
      HEDDLE_SERVICE: service,
      HEDDLE_SERVICE_PORT: '80',
      HEDDLE_JOIN_TIMEOUT_MS: '60000',
      HEDDLE_DRAIN_TIMEOUT_MS: '60000',
    };
  }

  /** Answers of reviews carry `x-version: VALUE` from now on. */
  async version(value: string): Promise<void> {
    await this.post('/v1/apply', {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'reviews', namespace: 'default' },
      spec: {
        hosts: ['reviews'],
        http: [
          {
            headers: { response: { set: { 'x-version': value } } },
            route: [{ destination: { host: 'reviews' } }],
          },
        ],
      },
    });
  }
}
