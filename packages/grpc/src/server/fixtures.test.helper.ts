/** A service of all four kinds, meshes that serve it, and plain clients of grpc-js, for the tests of this folder. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { TestContext } from 'node:test';
import {
  Client,
  type ClientOptions,
  credentials,
  loadPackageDefinition,
  Metadata,
  type MethodDefinition,
  Server,
  type ServerOptions,
  type ServiceClientConstructor,
  type ServiceDefinition,
  type ServiceError,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { fromJSON, type PackageDefinition } from '@grpc/proto-loader';
import type { TestCa } from '@heddle/testkit';
import { type JoinOptions, join, type Mesh } from 'heddle';
import { type GrpcListenOptions, listen } from './listen.js';

export interface Line {
  readonly text: string;
}

const method = (requestStream: boolean, responseStream: boolean) => ({
  requestType: 'Line',
  responseType: 'Line',
  requestStream,
  responseStream,
  comment: '',
});

/** `test.Echo` with the methods One, Up, Down and Both. */
export const definition: PackageDefinition = fromJSON({
  nested: {
    test: {
      nested: {
        Line: { fields: { text: { type: 'string', id: 1 } } },
        Echo: {
          methods: {
            One: method(false, false),
            Up: method(true, false),
            Down: method(false, true),
            Both: method(true, true),
          },
        },
      },
    },
  },
});

const { Echo } = (
  loadPackageDefinition(definition) as unknown as {
    test: { Echo: ServiceClientConstructor & { service: EchoDefinition } };
  }
).test;

type EchoDefinition = ServiceDefinition &
  Readonly<Record<'One' | 'Up' | 'Down' | 'Both', MethodDefinition<Line, Line>>>;

export const service: EchoDefinition = Echo.service;

/** A generated client, as far as types go. */
export class EchoClient extends Client {
  one(text: string, metadata = new Metadata(), deadline?: number): Promise<Line> {
    const { path, requestSerialize, responseDeserialize } = service.One;
    return new Promise((resolve, reject) => {
      this.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { text },
        metadata,
        deadline === undefined ? {} : { deadline },
        (error, value) => (error === null ? resolve(value!) : reject(error)),
      );
    });
  }

  up(metadata = new Metadata()) {
    const { path, requestSerialize, responseDeserialize } = service.Up;
    let settle: (error: ServiceError | null, value?: Line) => void = () => {};
    const answer = new Promise<Line>((resolve, reject) => {
      settle = (error, value) => (error === null ? resolve(value!) : reject(error));
    });
    const call = this.makeClientStreamRequest<Line, Line>(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
      (error, value) => settle(error, value),
    );
    return { call, answer };
  }

  down(text: string, metadata = new Metadata()) {
    const { path, requestSerialize, responseDeserialize } = service.Down;
    return this.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { text }, metadata);
  }

  both(metadata = new Metadata()) {
    const { path, requestSerialize, responseDeserialize } = service.Both;
    return this.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
  }
}

export const ADMIT_ALL = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: all, namespace: default }
spec: { rules: [{}] }
`;

export const REVIEWS = 'spiffe://cluster.local/ns/default/sa/reviews';
export const PRODUCTPAGE = 'spiffe://cluster.local/ns/default/sa/productpage';
export const OTHER = 'spiffe://cluster.local/ns/default/sa/other';

export async function folder(t: TestContext): Promise<string> {
  const name = await mkdtemp(path(tmpdir(), 'heddle-grpc-'));
  t.after(() => rm(name, { recursive: true, force: true }));
  return name;
}

export interface Member {
  readonly mesh: Mesh;
  readonly log: string[];
}

/** @param policy none: {@link ADMIT_ALL} */
export async function member(
  t: TestContext,
  policy = ADMIT_ALL,
  options: Partial<JoinOptions> = {},
): Promise<Member> {
  const file = path(await folder(t), 'policy.yaml');
  await writeFile(file, policy);
  const log: string[] = [];
  const mesh = await join({
    policy: file,
    joinTimeoutMs: 60_000,
    drainTimeoutMs: 60_000,
    log: (line) => log.push(line),
    ...options,
  });
  t.after(() => mesh.close());
  return { mesh, log };
}

/** Echoes; a service whose methods are not given does what one would expect. */
export function echo(implementation: UntypedServiceImplementation = {}, options: ServerOptions = {}): Server {
  const server = new Server(options);
  server.addService(service, { ...ECHO, ...implementation });
  return server;
}

const ECHO: UntypedServiceImplementation = {
  One: (call: { request: Line }, callback: (error: null, value: Line) => void) =>
    callback(null, { text: call.request.text }),
  Up: (call: NodeJS.ReadableStream, callback: (error: null, value: Line) => void) => {
    const texts: string[] = [];
    call.on('data', ({ text }: Line) => texts.push(text));
    call.on('end', () => callback(null, { text: texts.join(' ') }));
  },
  Down: (call: { request: Line; write(line: Line): boolean; end(): void }) => {
    for (const text of call.request.text.split(' ')) call.write({ text });
    call.end();
  },
  Both: (call: NodeJS.ReadableStream & { write(line: Line): boolean; end(): void }) => {
    call.on('data', (line: Line) => call.write(line));
    call.on('end', () => call.end());
  },
} as unknown as UntypedServiceImplementation;

export interface Served extends Member {
  readonly port: number;
  readonly server: Server;
}

export interface ServeOptions {
  readonly policy?: string;
  readonly join?: Partial<JoinOptions>;
  readonly listen?: GrpcListenOptions;
}

export async function serve(t: TestContext, server: Server, options: ServeOptions = {}): Promise<Served> {
  const joined = await member(t, options.policy, options.join);
  const { port } = await listen(joined.mesh, server, 0, { address: '127.0.0.1', ...options.listen });
  return { ...joined, port, server };
}

/** One in plain text. Closed when the test ends. */
export function dial(t: TestContext, port: number, options: ClientOptions = {}): EchoClient {
  const client = new EchoClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  });
  t.after(() => client.close());
  return client;
}

/** One with a certificate of the mesh. Closed when the test ends. */
export async function dialAs(t: TestContext, port: number, ca: TestCa, id: string): Promise<EchoClient> {
  const svid = await ca.svid(id);
  const roots = Buffer.from(ca.bundle.roots.join('\n'));
  const key = Buffer.from(svid.key.export({ type: 'pkcs8', format: 'pem' }).toString());
  const chain = Buffer.from(svid.chain.join('\n'));
  const secure = credentials.createSsl(roots, key, chain, { checkServerIdentity: () => undefined });
  const client = new EchoClient(`127.0.0.1:${port}`, secure, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.ssl_target_name_override': 'reviews',
  });
  t.after(() => client.close());
  return client;
}

/** HTTP/2 without gRPC, for callers that do not behave. Closed when the test ends. */
export async function dialRaw(t: TestContext, port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  t.after(() => session.destroy());
  await Promise.race([once(session, 'remoteSettings'), once(session, 'close')]);
  return session;
}

export interface RawAnswer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  /** 0 for none. */
  readonly resetCode: number;
}

export function beginRaw(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/test.Echo/One',
    ':authority': 'reviews',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => {});
  return stream;
}

/** Resolves when the stream is closed, however it was. */
export async function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
  let headers: RawAnswer['headers'] = {};
  let trailers: RawAnswer['trailers'] = {};
  stream.on('response', (given) => (headers = given));
  stream.on('trailers', (given) => (trailers = given));
  stream.resume();
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  return { headers, trailers, resetCode: stream.rstCode ?? 0 };
}

/** A message with its prefix. */
export function framed(text: string, flag = 0): Buffer {
  const message = service.One.requestSerialize({ text });
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** What a call failed with. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('the call was answered');
}

/** All that a stream tells, or what it fails with. */
export async function linesOf(stream: AsyncIterable<Line>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of stream) texts.push(text);
  return texts;
}
