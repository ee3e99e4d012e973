/** A service behind the mesh, another that it calls, and its callers: what the tests of the surfaces share. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { TestContext } from 'node:test';
import { TestCa } from '@heddle/testkit';
import { join, type Mesh } from 'heddle';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Deeds, Running, Surface } from './surface-apps.js';

export const FRIEND = 'spiffe://cluster.local/ns/default/sa/friend';
/** What callers choose, and how policy says so. */
const PROTOCOLS = { 'HTTP/1.1': 'DO_NOT_UPGRADE', 'HTTP/2': 'UPGRADE' } as const;
type Protocol = keyof typeof PROTOCOLS;

const mutualTls = (protocol: Protocol) => `
  tls: { mode: ISTIO_MUTUAL, subjectAltNames: ['spiffe://cluster.local/ns/default/sa/server'] }
  connectionPool: { http: { h2UpgradePolicy: ${PROTOCOLS[protocol]} } }
`;
export const TRACE = '0af7651916cd43dd8448eb211c80319c';
export const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

/** Lines of the access log, which go to standard output: these are ours, others pass. */
class AccessLog {
  readonly #lines: {
    readonly path: string;
    readonly response_code: number;
    readonly response_flags: string;
    readonly protocol: string;
  }[] = [];
  #onLine = () => {};

  constructor(t: TestContext) {
    const write = process.stdout.write.bind(process.stdout);
    t.mock.method(process.stdout, 'write', (chunk: string | Uint8Array) => {
      if (typeof chunk !== 'string' || !chunk.startsWith('{"start_time"')) return write(chunk);
      this.#lines.push(JSON.parse(chunk));
      this.#onLine();
      return true;
    });
  }

  /** The line of the one request for this path, when it is there. */
  async of(path: string) {
    for (;;) {
      const line = this.#lines.find((line) => line.path === path);
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
    }
  }
}

/** Resolves when somebody says so. */
class Signal {
  readonly given: Promise<void>;
  give: () => void = () => {};
  constructor() {
    this.given = new Promise((resolve) => {
      this.give = resolve;
    });
  }
}

export interface Scene {
  readonly server: Running;
  readonly log: AccessLog;
  ask(path: string, init?: Parameters<Mesh['request']>[1]): ReturnType<Mesh['request']>;
  readonly stranger: Mesh;
  /** Claims of nobody that the server knows. */
  readonly forged: string;
  readonly token: string;
  readonly goOn: Signal;
  /** Someone is at work on the slow answer. */
  readonly atWork: Signal;
  /** Someone asks for what never comes; and does not ask any more. */
  readonly hanging: Signal;
  readonly cancelled: Signal;
}

async function member(t: TestContext, ca: TestCa, name: string, policy: string): Promise<Mesh> {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-surfaces-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const svid = await ca.svid(`spiffe://cluster.local/ns/default/sa/${name}`);
  await writeFile(path(folder, 'ca.pem'), ca.bundle.roots.join('\n'));
  await writeFile(path(folder, 'key.pem'), svid.key.export({ type: 'pkcs8', format: 'pem' }).toString());
  await writeFile(path(folder, 'cert.pem'), svid.chain.join('\n'));
  await writeFile(path(folder, 'policy.yaml'), policy);
  const mesh = await join({
    policy: path(folder, 'policy.yaml'),
    identityDir: folder,
    service: name,
    joinTimeoutMs: 60_000,
    drainTimeoutMs: 60_000,
    accessLog: name === 'server' ? 'json' : 'off',
    log() {},
  });
  t.after(() => mesh.close());
  return mesh;
}

function host(name: string, port: number, traffic: string): string {
  return `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [${name}.test]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${port} } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: default }
spec:
 host: ${name}.test
 trafficPolicy: ${traffic}
`;
}

const guard = (keys: string) => `
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: default }
spec: { mtls: { mode: STRICT } }
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: users, namespace: default }
spec: { jwtRules: [{ issuer: users.test, jwks: '${keys}' }] }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: friends, namespace: default }
spec:
  rules:
    - from: [{ source: { principals: [cluster.local/ns/default/sa/nobody] } }]
    - from: [{ source: { principals: [cluster.local/ns/default/sa/friend] } }]
      to: [{ operation: { notPaths: [/secret] } }]
---
apiVersion: heddle.dev/v1
kind: RateLimit
metadata: { name: once, namespace: default }
spec:
  selector: { matchLabels: { app: server } }
  limits: [{ match: { paths: [/slow] }, requests: 1, per: 1h }]
`;

export async function scene(t: TestContext, surface: Surface, protocol: Protocol): Promise<Scene> {
  const [goOn, atWork, hanging, cancelled] = [new Signal(), new Signal(), new Signal(), new Signal()];
  const backend = createServer((request, response) => {
    if (request.url !== '/hang') {
      response.end(JSON.stringify(request.headers));
      return;
    }
    response.once('close', cancelled.give);
    hanging.give();
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const members: Mesh[] = [];
  // The others first: what they still wait for is theirs to wait for.
  t.after(async () => {
    await Promise.all(members.map((mesh) => mesh.close()));
    backend.close();
    backend.closeAllConnections();
  });
  const ca = await TestCa.create();
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const sign = (issuer: string, key: Parameters<SignJWT['sign']>[0]) =>
    new SignJWT({ team: 'looms' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(issuer)
      .setSubject('alice')
      .setExpirationTime('1h')
      .sign(key);
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] });
  const log = new AccessLog(t);
  const backendPort = (backend.address() as AddressInfo).port;
  const mesh = await member(
    t,
    ca,
    'server',
    guard(keys) + host('backend', backendPort, '{ tls: { mode: DISABLE } }'),
  );
  members.push(mesh);
  const onward = async () => (await mesh.fetch('http://backend.test/headers')).text();
  const deeds: Deeds = {
    onward,
    hang: () =>
      mesh.fetch('http://backend.test/hang').then(
        (response) => response.text(),
        () => 'given up',
      ),
    async *parts() {
      yield 'one, ';
      await goOn.given;
      yield 'two';
    },
    slow: async () => {
      atWork.give();
      await goOn.given;
      return 'slow, but whole';
    },
    fail: () => {
      throw new Error('out of order');
    },
    upload: async (body) => JSON.stringify({ bytes: body.byteLength, seen: JSON.parse(await onward()) }),
  };
  const server = await surface.start(mesh, deeds);
  t.after(() => server.close());
  const policy = host('server', server.port, mutualTls(protocol));
  const friend = await member(t, ca, 'friend', policy);
  const stranger = await member(t, ca, 'stranger', policy);
  members.push(friend, stranger);
  return {
    server,
    log,
    ask: (path, init = {}) => friend.request(`http://server.test${path}`, { timeoutMs: 60_000, ...init }),
    stranger,
    forged: await sign('users.test', (await generateKeyPair('ES256')).privateKey),
    token: await sign('users.test', privateKey),
    goOn,
    atWork,
    hanging,
    cancelled,
  };
}
