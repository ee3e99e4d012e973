/** Applications that know nothing of the mesh, started with `--import heddle/auto` on every Node that is there. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TestCa } from '@heddle/testkit';
import { Child } from './child.js';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');
const APPS = join(ROOT, 'test/end-to-end/auto-apps');
export const AUTO = join(ROOT, 'dist/auto/index.js');

/** The Node that runs the tests, and the others. */
export const NODES: readonly { readonly name: string; readonly program: string }[] = [
  { name: `Node ${process.versions.node}`, program: process.execPath },
  ...['node22', 'node24'].map((name) => ({
    name,
    program: join(ROOT, 'test/nodes/node_modules', name, 'bin/node'),
  })),
];

/** Why a Node is skipped; false: it is there. */
export function absent(program: string): string | false {
  return existsSync(program) ? false : `${program} is not there`;
}

export async function folder(t: TestContext): Promise<string> {
  const name = await mkdtemp(join(tmpdir(), 'heddle-auto-'));
  t.after(() => rm(name, { recursive: true, force: true }));
  return name;
}

export interface AppOptions {
  /** As a config service would have it resolved, or as its operator wrote it. */
  readonly policy?: string;
  /** Name of its service account; none: it has no identity. */
  readonly as?: string;
  readonly env?: Record<string, string>;
  readonly node?: string;
}

/** A mesh of processes: an authority, and whoever is started. */
export class AutoMesh {
  readonly #t: TestContext;
  readonly #ca: TestCa;
  readonly #node: string;

  static async create(t: TestContext, node = process.execPath): Promise<AutoMesh> {
    return new AutoMesh(t, await TestCa.create(), node);
  }

  private constructor(t: TestContext, ca: TestCa, node: string) {
    this.#t = t;
    this.#ca = ca;
    this.#node = node;
  }

  /** @param app a file of `auto-apps`, and what it is given */
  async start(app: readonly string[], options: AppOptions = {}): Promise<Child> {
    const env = await this.environment(options);
    const [file, ...args] = app;
    return Child.run(this.#t, this.#node, ['--import', AUTO, join(APPS, file!), ...args], env);
  }

  async environment({ policy = '---', as, env = {} }: AppOptions): Promise<Record<string, string>> {
    const place = await folder(this.#t);
    await writeFile(join(place, 'policy.yaml'), policy);
    const given: Record<string, string> = {
      HEDDLE_POLICY: join(place, 'policy.yaml'),
      HEDDLE_JOIN_TIMEOUT_MS: '60000',
      HEDDLE_DRAIN_TIMEOUT_MS: '60000',
    };
    if (as !== undefined) {
      given.HEDDLE_IDENTITY_DIR = place;
      given.HEDDLE_SERVICE = as;
      await this.#write(place, as);
    }
    return { ...given, ...env };
  }

  async #write(place: string, name: string): Promise<void> {
    const svid = await this.#ca.svid(`spiffe://cluster.local/ns/default/sa/${name}`);
    await writeFile(join(place, 'ca.pem'), this.#ca.bundle.roots.join('\n'));
    await writeFile(join(place, 'key.pem'), svid.key.export({ type: 'pkcs8', format: 'pem' }).toString());
    await writeFile(join(place, 'cert.pem'), svid.chain.join('\n'));
  }
}

/** Where a host is, that it is called by mutual TLS, and that it is `server`; ports stand for endpoints. */
export function reached(host: string, ports: readonly (string | number)[]): string {
  const endpoints = ports.map((port) => `{ address: 127.0.0.1, ports: { http: ${port} } }`);
  return `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${host}, namespace: default }
spec:
  hosts: [${host}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [${endpoints.join(', ')}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${host}, namespace: default }
spec:
  host: ${host}
  trafficPolicy: { tls: { mode: ISTIO_MUTUAL, subjectAltNames: ['spiffe://cluster.local/ns/default/sa/server'] } }
`;
}

/** Nobody but `friend`, and nobody in plain text. */
export const FRIENDS_ONLY = `
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: default }
spec: { mtls: { mode: STRICT } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: friends, namespace: default }
spec:
  action: ALLOW
  rules: [{ from: [{ source: { principals: [cluster.local/ns/default/sa/friend] } }] }]
`;
