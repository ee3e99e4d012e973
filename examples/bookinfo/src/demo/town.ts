/** Everything that the demo runs: the config service, the services, and a visitor who has joined the mesh. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonSpan } from '@heddle/telemetry';
import { join, type Mesh } from 'heddle';
import { heddle, waitFor } from './command.js';
import { CLI, freePort, Process } from './processes.js';

/** What `heddle status --json` says of a workload, as far as the demo reads it. */
export interface WorkloadStatus {
  readonly name: string;
  readonly spiffeId: string | null;
  readonly revision: number;
  readonly connected: boolean;
  readonly refused: unknown;
}

export const POLICY = fileURLToPath(new URL('../../policy', import.meta.url));
export const CHANGES = fileURLToPath(new URL('../../policy-changes', import.meta.url));

export class Town {
  readonly control: Process;
  readonly services: readonly Process[];
  readonly spans: JsonSpan[] = [];
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  #visitor: Mesh | null = null;

  private constructor(folder: string, environment: NodeJS.ProcessEnv, control: Process) {
    this.#folder = folder;
    this.#environment = environment;
    this.control = control;
    this.services = [];
  }

  /** Starts everything and waits until a page can be had. @param ratingsBy how ratings is asked */
  static async build(ratingsBy: 'grpc' | 'http'): Promise<Town> {
    const folder = mkdtempSync(joinPath(tmpdir(), 'heddle-bookinfo-'));
    const port = await freePort();
    const environment = {
      HEDDLE_CONTROL: `https://127.0.0.1:${port}`,
      HEDDLE_OPERATOR_TOKEN_FILE: joinPath(folder, 'operator.token'),
    };
    const control = new Process('control', [CLI, 'control', '--data', folder, '--port', String(port)], {});
    const town = new Town(folder, environment, control);
    try {
      await town.#populate(ratingsBy);
    } catch (error) {
      await town.close();
      throw error;
    }
    return town;
  }

  get visitor(): Mesh {
    return this.#visitor!;
  }

  named(name: string): Process {
    return this.services.find((service) => service.name === name)!;
  }

  /** Runs `heddle …` as an operator. */
  heddle(...args: string[]): Promise<string> {
    return heddle(args, this.#environment);
  }

  async status(): Promise<readonly WorkloadStatus[]> {
    const { workloads } = JSON.parse(await this.heddle('status', '--json')) as {
      workloads: WorkloadStatus[];
    };
    return workloads;
  }

  /** For the shell of whoever wants to go on. */
  get exports(): string {
    return Object.entries(this.#environment)
      .map(([name, value]) => `export ${name}=${value}`)
      .join('\n');
  }

  async close(): Promise<void> {
    await this.#visitor?.close();
    await Promise.all(this.services.map((service) => service.stop('SIGTERM')));
    await this.control.stop('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #populate(ratingsBy: 'grpc' | 'http'): Promise<void> {
    this.control.start();
    await waitFor('the config service', 20_000, async () => {
      if (!this.control.running) throw new Error(`the config service ended: ${this.control.said.join('\n')}`);
      await this.heddle('get');
      return true;
    });
    await this.heddle('apply', '-f', POLICY);
    const accounts = ['details', 'ratings', 'reviews', 'productpage', 'visitor'];
    const tokens = new Map<string, string>();
    for (const account of accounts) {
      tokens.set(account, (await this.heddle('token', 'create', '--service-account', account)).trim());
    }
    const add = async (name: string, service: string, version: string) => {
      const environment = {
        PORT: String(await freePort()),
        VERSION: version,
        RATINGS_BY: ratingsBy,
        HEDDLE_CONTROL: this.#environment.HEDDLE_CONTROL,
        HEDDLE_TOKEN: tokens.get(service),
        HEDDLE_SERVICE: service,
        HEDDLE_SERVICE_PORT: '9080',
        HEDDLE_WORKLOAD: name,
        HEDDLE_LABELS: `version=${version}`,
        HEDDLE_ACCESS_LOG: 'json',
      };
      const made = Process.service(name, service, environment, (span) => this.spans.push(span));
      (this.services as Process[]).push(made);
      made.start();
    };
    await add('details-v1', 'details', 'v1');
    await add('ratings-v1', 'ratings', 'v1');
    for (const version of ['v1', 'v2', 'v3']) {
      await add(`reviews-${version}-a`, 'reviews', version);
      await add(`reviews-${version}-b`, 'reviews', version);
    }
    await add('productpage-v1', 'productpage', 'v1');
    this.#visitor = await join({
      control: this.#environment.HEDDLE_CONTROL!,
      token: tokens.get('visitor')!,
      serviceAccount: 'visitor',
      workload: 'visitor',
      joinTimeoutMs: 30_000,
      log: () => {},
    });
    await waitFor('all services', 60_000, async () => {
      const ended = this.services.find((service) => !service.running);
      if (ended !== undefined) throw new Error(`${ended.name} ended: ${ended.said.join('\n')}`);
      const endpoints = this.visitor
        .status()
        .clusters.filter(({ name }) => /^outbound\|9080\|\|/.test(name))
        .flatMap((cluster) => cluster.endpoints);
      return endpoints.length === this.services.length;
    });
  }
}
