/** What the tests of this folder share: certificates of a mesh, meshes by files, and policy that leads to a service. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type ChannelCredentials,
  type ClientOptions,
  credentials,
  type Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { memberOf, type TestCa } from '@heddle/testkit';
import type { JoinOptions, Mesh } from 'heddle';

export const SERVER = 'spiffe://cluster.local/ns/default/sa/interop';
export const CLIENT = 'spiffe://cluster.local/ns/default/sa/caller';

export async function folder(t: TestContext): Promise<string> {
  const name = await mkdtemp(path(tmpdir(), 'heddle-grpc-'));
  t.after(() => rm(name, { recursive: true, force: true }));
  return name;
}

/** Certificate, key and roots in files, as `identityDir` and other languages take them. */
export async function identityDir(t: TestContext, ca: TestCa, id: string): Promise<string> {
  const into = await folder(t);
  const { cert, key, roots } = await pem(ca, id);
  await writeFile(path(into, 'ca.pem'), roots);
  await writeFile(path(into, 'key.pem'), key);
  await writeFile(path(into, 'cert.pem'), cert);
  return into;
}

async function pem(ca: TestCa, id: string) {
  const svid = await ca.svid(id, { dnsNames: ['interop.mesh'] });
  return {
    roots: Buffer.from(ca.bundle.roots.join('\n')),
    key: Buffer.from(svid.key.export({ type: 'pkcs8', format: 'pem' })),
    cert: Buffer.from(svid.chain.join('\n')),
  };
}

/** @param documents of policy */
export function member(
  t: TestContext,
  documents: readonly string[],
  options: Omit<JoinOptions, 'policy'> = {},
): Promise<Mesh> {
  return memberOf(t, documents.join('\n---\n'), { drainTimeoutMs: 0, ...options });
}

export const STRICT = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: default }
spec: { mtls: { mode: STRICT } }`;

/** `interop.mesh:80` is at these ports of 127.0.0.1. */
export function entry(...ports: readonly number[]): string {
  const endpoints = ports.map((port) => `{ address: 127.0.0.1, ports: { grpc: ${port} } }`);
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: interop, namespace: default }
spec:
  hosts: [interop.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: grpc, protocol: GRPC }]
  endpoints: [${endpoints.join(', ')}]`;
}

export const MUTUAL = rule(`tls: { mode: ISTIO_MUTUAL, subjectAltNames: ['${SERVER}'] }`);

export function rule(trafficPolicy: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: interop, namespace: default }
spec: { host: interop.mesh, trafficPolicy: { ${trafficPolicy} } }`;
}

/** Who may call what. @param rules of an AuthorizationPolicy that allows */
export function allow(rules: string): string {
  return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: interop, namespace: default }
spec: { rules: [${rules}] }`;
}

/** A server that knows nothing of a mesh, until the test is over. @returns its port */
export async function bound(
  t: TestContext,
  server: Server,
  how = ServerCredentials.createInsecure(),
): Promise<number> {
  t.after(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', how, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}

/** Of a plain client that has a certificate of the mesh, and wants to see {@link SERVER}. */
export async function channelCredentials(ca: TestCa, id = CLIENT): Promise<ChannelCredentials> {
  const { roots, key, cert } = await pem(ca, id);
  return credentials.createSsl(roots, key, cert, {
    checkServerIdentity: (_name, { subjectaltname }) =>
      subjectaltname?.split(', ').includes(`URI:${SERVER}`)
        ? undefined
        : new Error(`the server is ${subjectaltname}`),
  });
}

/** An address is no name for TLS. Channels are not shared among tests. */
export const OF_A_PLAIN_CLIENT: ClientOptions = {
  'grpc.ssl_target_name_override': 'interop.mesh',
  'grpc.use_local_subchannel_pool': 1,
};
