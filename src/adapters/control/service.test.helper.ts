/** A small config service of real sockets, HTTP/2, TLS and certificates, which says what a test tells it to say. */

import { createPublicKey } from 'node:crypto';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SpiffeId } from '../../model/spiffe-id.js';
import {
  type ControlMessage,
  formatToken,
  type NamedResource,
  type WorkloadMessage,
} from '../../ports/control-protocol.js';
import { fingerprint } from '../../security/bundle/bundle.js';
import { createRoot, type IssuerPair, issueCertificate } from '../../security/certificate/issue.js';
import { newKey } from '../../security/certificate/keys.js';
import { parseRequest } from '../../security/certificate/request.js';
import { formatLine, LineReader } from './ndjson.js';

const CONTROL = SpiffeId.parse('spiffe://cluster.local/ns/heddle-system/sa/control');
export const WORKLOAD = SpiffeId.parse('spiffe://cluster.local/ns/default/sa/productpage');
const SECRET = 'a-secret-that-is-long-enough-for-tests';

export interface TestServiceOptions {
  /** null: plain text. @default a new root */
  readonly root?: IssuerPair | null;
  /** What it shows at /v1/bundle. @default its own root */
  readonly shownRoots?: readonly string[];
  /** Its own SPIFFE ID. @default that of the config service */
  readonly id?: SpiffeId;
  readonly svidTtlMs?: number;
  readonly pingMs?: number;
  /** Whether it answers the hello. @default true */
  readonly welcomes?: boolean;
  /** What it answers to who opens a stream. @default 200 */
  readonly streamStatus?: number;
  /** What it answers to requests for an SVID. @default 200 */
  readonly svidStatus?: number;
}

export function newRoot(): Promise<IssuerPair> {
  return createRoot({ trustDomain: 'cluster.local', lifetimeMs: 86_400_000, wallNow: Date.now() });
}

export function tokenFor(root: IssuerPair | null): string {
  return formatToken({ id: 'abc', secret: SECRET, pin: root === null ? '-' : fingerprint(root.certificate) });
}

export class TestService {
  /** Values of every `authorization` header that arrived. */
  readonly secretsSeen: string[] = [];
  /** How each SVID was asked for. */
  readonly svidProofs: ('token' | 'svid' | 'none')[] = [];
  svidStatus: number;
  readonly #server: Http2Server | Http2SecureServer;
  readonly #root: IssuerPair | null;
  readonly #options: TestServiceOptions;
  #port = 0;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #streams: TestStream[] = [];
  readonly #waiting: ((stream: TestStream) => void)[] = [];

  static async start(options: TestServiceOptions = {}): Promise<TestService> {
    const root = options.root === undefined ? await newRoot() : options.root;
    const server =
      root === null ? createServer() : createSecureServer(await ownTls(root, options.id ?? CONTROL));
    const service = new TestService(server, root, options);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    service.#port = (server.address() as AddressInfo).port;
    return service;
  }

  private constructor(server: Http2Server, root: IssuerPair | null, options: TestServiceOptions) {
    this.#server = server;
    this.#root = root;
    this.#options = options;
    this.svidStatus = options.svidStatus ?? 200;
    server.on('session', (session: ServerHttp2Session) => {
      this.#sessions.add(session);
      session.on('error', () => {});
      session.on('close', () => this.#sessions.delete(session));
    });
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      if (headers.authorization !== undefined) this.secretsSeen.push(headers.authorization);
      if (headers[':path'] === '/v1/bundle') this.#answer(stream, 200, this.#bundle());
      if (headers[':path'] === '/v1/svid') this.#svid(stream, headers.authorization);
      if (headers[':path'] === '/v1/stream') this.#stream(stream);
    });
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#root === null ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  get root(): IssuerPair {
    return this.#root!;
  }

  get token(): string {
    return tokenFor(this.#root);
  }

  /** The next stream that a workload opens, its hello read. */
  stream(): Promise<TestStream> {
    const stream = this.#streams.shift();
    if (stream !== undefined) return Promise.resolve(stream);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** As if killed: every connection breaks. */
  async kill(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions) session.destroy();
    await closed;
  }

  #bundle() {
    const roots = this.#options.shownRoots ?? [this.root.certificate];
    return { trustDomain: 'cluster.local', roots };
  }

  #answer(stream: ServerHttp2Stream, status: number, body: object): void {
    stream.respond({ ':status': status, 'content-type': 'application/json' });
    stream.end(JSON.stringify(body));
  }

  async #svid(stream: ServerHttp2Stream, authorization: string | undefined): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    const socket = stream.session?.socket as TLSSocket | undefined;
    const shown = socket?.authorized === true && authorization === undefined;
    this.svidProofs.push(authorization === `Bearer ${this.token}` ? 'token' : shown ? 'svid' : 'none');
    if (this.svidStatus !== 200) {
      this.#answer(stream, this.svidStatus, { message: 'the token is not good' });
      return;
    }
    const { csr } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { csr: string };
    const { publicKey } = parseRequest(Buffer.from(csr, 'base64'));
    const now = Date.now();
    const leaf = issueCertificate({
      issuer: this.root,
      publicKey,
      spiffeId: WORKLOAD,
      notBefore: now - 5_000,
      notAfter: now + (this.#options.svidTtlMs ?? 3_600_000),
    });
    this.#answer(stream, 200, { spiffeId: WORKLOAD.toString(), chain: [leaf], ...this.#bundle() });
  }

  #stream(stream: ServerHttp2Stream): void {
    const { streamStatus = 200 } = this.#options;
    if (streamStatus !== 200) {
      this.#answer(stream, streamStatus, { code: 'x', message: 'too many of you' });
      return;
    }
    stream.respond({ ':status': 200 });
    const opened = new TestStream(stream, () => {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#streams.push(opened);
      else waiting(opened);
    });
    if (this.#options.welcomes ?? true)
      opened.say({ type: 'welcome', protocol: 1, pingMs: this.#options.pingMs ?? 10_000 });
  }
}

async function ownTls(root: IssuerPair, spiffeId: SpiffeId) {
  const key = await newKey();
  const now = Date.now();
  const cert = issueCertificate({
    issuer: root,
    publicKey: createPublicKey(key),
    spiffeId,
    notBefore: now - 60_000,
    notAfter: now + 3_600_000,
  });
  const pem = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { key: pem, cert, ca: [root.certificate], requestCert: true, rejectUnauthorized: false };
}

type Hello = Extract<WorkloadMessage, { type: 'hello' }>;

/** The service's end of a stream. */
export class TestStream {
  hello!: Hello;
  /** Serial number of the client's certificate; undefined without one. */
  readonly serial: string | undefined;
  readonly closed: Promise<void>;
  answerPings = true;
  readonly #stream: ServerHttp2Stream;
  readonly #messages: WorkloadMessage[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(stream: ServerHttp2Stream, onHello: () => void) {
    this.#stream = stream;
    const socket = stream.session?.socket as TLSSocket | undefined;
    this.serial = socket?.getPeerCertificate?.().serialNumber;
    this.closed = new Promise((resolve) => stream.once('close', resolve));
    const lines = new LineReader(1_000_000);
    stream.on('end', () => stream.end());
    stream.on('data', (chunk: Buffer) => {
      for (const line of lines.push(chunk)) {
        const message = JSON.parse(line) as WorkloadMessage;
        if (message.type === 'ping' && this.answerPings) this.say({ type: 'pong' });
        if (message.type !== 'hello') {
          this.#messages.push(message);
          for (const wake of this.#waiting) wake();
          continue;
        }
        this.hello = message;
        onHello();
      }
    });
  }

  /** The next message of `type`; those of other types before it are skipped. */
  async next<T extends WorkloadMessage['type']>(type: T): Promise<Extract<WorkloadMessage, { type: T }>> {
    for (;;) {
      const at = this.#messages.findIndex((message) => message.type === type);
      if (at >= 0) return this.#messages.splice(0, at + 1)[at] as Extract<WorkloadMessage, { type: T }>;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  say(message: ControlMessage): void {
    if (!this.#stream.destroyed) this.#stream.write(formatLine(message));
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  update(revision: number, upsert: readonly NamedResource[], remove: readonly string[] = []): void {
    this.say({ type: 'update', revision, upsert, remove, complete: true });
  }
}
