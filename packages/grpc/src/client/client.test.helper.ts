/** What the tests of the client share: a plain grpc-js server that does as it is told, and meshes that lead to it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type ClientOptions,
  credentials,
  type Metadata,
  type MethodDefinition,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  type ServiceError,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type JoinOptions, join, type Mesh } from 'heddle';
import { clientOptions } from './index.js';

const asIs = (bytes: Buffer): Buffer => bytes;

function method(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

/** Messages are bytes: what they mean is no business of a mesh. */
export const ECHO = {
  unary: method('Unary', false, false),
  upload: method('Upload', true, false),
  download: method('Download', false, true),
  chat: method('Chat', true, true),
};

export const EchoClient: ServiceClientConstructor = makeGenericClientConstructor(ECHO, 'Echo');
export type EchoClientOf = InstanceType<ServiceClientConstructor>;

/** A plain server of grpc-js. @returns its port */
export async function serve(
  t: TestContext,
  handlers: UntypedServiceImplementation,
  options = {},
): Promise<number> {
  const server = new Server(options);
  server.addService(ECHO, handlers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  t.after(() => server.forceShutdown());
  return port;
}

export interface Towards {
  readonly endpoints: readonly { readonly port: number; readonly version?: string }[];
  readonly protocol?: string;
  /** Further documents. */
  readonly more?: string;
}

/** `reviews.mesh:9080` in plain text. */
export function policyTo({ endpoints, protocol = 'GRPC', more = '' }: Towards): string {
  const listed = endpoints.map(
    ({ port, version = 'v1' }) =>
      `  - { address: 127.0.0.1, ports: { grpc: ${port} }, labels: { version: ${version} } }`,
  );
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: reviews, namespace: default }
spec:
  hosts: [reviews.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 9080, name: grpc, protocol: ${protocol} }]
  endpoints:${listed.length === 0 ? ' []' : `\n${listed.join('\n')}`}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: plain, namespace: default }
spec:
  host: reviews.mesh
  trafficPolicy: { tls: { mode: DISABLE } }
---
${more}`;
}

export interface Member {
  readonly mesh: Mesh;
  readonly policyFile: string;
}

export async function member(
  t: TestContext,
  policy: string,
  options: Partial<JoinOptions> = {},
): Promise<Member> {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-grpc-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const policyFile = path(folder, 'policy.yaml');
  await writeFile(policyFile, policy);
  const mesh = await join({
    policy: policyFile,
    joinTimeoutMs: 60_000,
    drainTimeoutMs: 0,
    log: () => {},
    ...options,
  });
  t.after(() => mesh.close());
  return { mesh, policyFile };
}

/** A client of the service that {@link policyTo} names. */
export function clientOf(t: TestContext, mesh: Mesh, options: ClientOptions = {}): EchoClientOf {
  const client = new EchoClient(
    'reviews.mesh:9080',
    credentials.createInsecure(),
    clientOptions(mesh, options),
  );
  t.after(() => client.close());
  return client;
}

export interface Answer {
  readonly error: ServiceError | null;
  readonly message: string;
}

/** A unary call, whatever comes of it. */
export function ask(
  client: EchoClientOf,
  message: string,
  metadata?: Metadata,
  options: object = {},
): Promise<Answer> {
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, answer?: Buffer) =>
      resolve({ error, message: answer?.toString() ?? '' });
    const bytes = Buffer.from(message);
    if (metadata === undefined) client.unary!(bytes, options, done);
    else client.unary!(bytes, metadata, options, done);
  });
}
