/**
 * What a call costs its caller, CPU microseconds (user and system) of the client's process: the mesh beside undici over the same mutual TLS,
 * in alternating slices of one run, so that what the machine does meanwhile happens to both. Run after a build:
 * `node benchmarks/client-call.mjs [rounds]`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { TestCa } from '@heddle/testkit';
import { join } from 'heddle';
import { systemClock } from 'heddle/ports';
import { Pool, request, fetch as undiciFetch } from 'undici';

const ROUNDS = Number(process.argv[2] ?? 15);
const CALLS = 1_500;
const CONCURRENCY = 32;
const BODY = 'x'.repeat(200);

if (process.argv[2] === 'serve') await serve();
else await measure();

async function serve() {
  const mesh = await join({
    policy: process.env.POLICY,
    identityDir: process.env.IDENTITY,
    service: 'peer',
    log: () => {},
  });
  const listening = await mesh.listen((_request, response) => response.end(BODY), 0);
  process.send(listening.port);
}

async function measure() {
  const folder = mkdtempSync(joinPath(tmpdir(), 'heddle-bench-'));
  const ca = await TestCa.create({ clock: systemClock });
  const identity = joinPath(folder, 'identity');
  await writeIdentity(ca, identity);
  const policy = joinPath(folder, 'policy.yaml');
  writeFileSync(policy, policyFor(1));
  const child = fork(new URL(import.meta.url), ['serve'], {
    env: { ...process.env, POLICY: policy, IDENTITY: identity },
  });
  const [port] = await once(child, 'message');
  writeFileSync(policy, policyFor(port));

  const mesh = await join({ policy, identityDir: identity, log: () => {} });
  const svid = await ca.svid('spiffe://cluster.local/ns/default/sa/peer');
  const pool = new Pool(`https://127.0.0.1:${port}`, {
    connections: null,
    connect: {
      cert: svid.chain.join(''),
      key: svid.key.export({ type: 'pkcs8', format: 'pem' }),
      ca: ca.bundle.roots.join(''),
      checkServerIdentity: () => undefined,
      servername: 'peer',
    },
  });
  const variants = {
    'undici.request': async () =>
      (await request(`https://127.0.0.1:${port}/`, { dispatcher: pool })).body.text(),
    'mesh.request': async () => (await mesh.request('http://peer.example/')).body.text(),
    'undici.fetch': async () =>
      (await undiciFetch(`https://127.0.0.1:${port}/`, { dispatcher: pool })).text(),
    'mesh.fetch': async () => (await mesh.fetch('http://peer.example/')).text(),
  };
  const names = Object.keys(variants);
  const costs = Object.fromEntries(names.map((name) => [name, []]));
  for (let warm = 0; warm < 3; warm += 1) for (const name of names) await slice(variants[name]);
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) costs[name].push(await slice(variants[name]));
  }
  console.log(
    `Node ${process.version}, ${ROUNDS} rounds of ${CALLS} calls, ${CONCURRENCY} at a time, 200 bytes, mutual TLS 1.3`,
  );
  for (const name of names) {
    const sorted = costs[name].sort((a, b) => a - b);
    const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(1).padStart(6);
    console.log(`${name.padEnd(16)} median ${at(0.5)} µs   [${at(0.1)} – ${at(0.9)} ]`);
  }
  const median = (name) => costs[name][Math.floor(costs[name].length / 2)];
  console.log(
    `mesh.request / undici.request  ${(median('mesh.request') / median('undici.request')).toFixed(2)}`,
  );
  console.log(`mesh.fetch / undici.fetch      ${(median('mesh.fetch') / median('undici.fetch')).toFixed(2)}`);
  child.kill();
  await pool.close();
  await mesh.close();
  rmSync(folder, { recursive: true });
}

/** CPU microseconds a call. */
async function slice(call) {
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (let i = 0; i < CALLS / CONCURRENCY; i += 1) await call();
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

async function writeIdentity(ca, folder) {
  const { mkdirSync } = await import('node:fs');
  mkdirSync(folder);
  const svid = await ca.svid('spiffe://cluster.local/ns/default/sa/peer');
  writeFileSync(joinPath(folder, 'cert.pem'), svid.chain.join(''));
  writeFileSync(joinPath(folder, 'key.pem'), svid.key.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  writeFileSync(joinPath(folder, 'ca.pem'), ca.bundle.roots.join(''));
}

function policyFor(port) {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: peer }
spec:
  hosts: [peer.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints:
    - address: 127.0.0.1
      ports: { http: ${port} }
      serviceAccount: peer
      labels: { security.istio.io/tlsMode: istio }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: peer }
spec:
  host: peer.example
  trafficPolicy:
    outlierDetection: { consecutive5xxErrors: 5 }
    connectionPool: { http: { http2MaxRequests: 1000 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: peer }
spec:
  hosts: [peer.example]
  http:
    - match: [{ headers: { x-user: { exact: jason } } }]
      route: [{ destination: { host: peer.example } }]
    - route: [{ destination: { host: peer.example } }]
      timeout: 5s
      retries: { attempts: 2, retryOn: "connect-failure,reset" }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: istio-system }
spec: { mtls: { mode: STRICT } }
`;
}
