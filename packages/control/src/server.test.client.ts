/** A client of the config service for its tests: plain node:http2, so that the tests see the wire and not another part of Heddle. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import type { Resource } from 'heddle/policy';
import type { ControlMessage, NamedResource, SpiffeId, SvidResponse, WorkloadMessage } from 'heddle/ports';
import { createRequest, newKey } from 'heddle/security';
import type { WorkloadStatus } from './api/workloads.js';
import type { TokenInfo } from './issuer/tokens.js';
import type { ApplyAnswer } from './publish/publisher.js';
import { type Control, startControl } from './server.js';
import type { ControlOptions } from './settings.js';

export function dataDirectory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'heddle-control-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A service on a free port, closed when the test ends, and its operator. */
export async function service(
  context: TestContext,
  options: Partial<ControlOptions> = {},
): Promise<{ control: Control; operator: Client; dataDir: string }> {
  const dataDir = options.dataDir ?? dataDirectory(context);
  const control = await startControl({ dataDir, port: 0, log: () => {}, ...options });
  context.after(() => control.close());
  const operator = new Client(context, control.url, {
    token: readFileSync(control.operatorTokenFile, 'utf8').trim(),
  });
  return { control, operator, dataDir };
}

export interface Credentials {
  readonly token?: string;
  /** PEM. */
  readonly cert?: string;
  readonly key?: string;
}

/** All fields that any JSON answer has; each answer has some of them. */
export interface Body extends ApplyAnswer, SvidResponse, Resource {
  readonly code: string;
  readonly message: string;
  readonly token: string;
  readonly items: readonly (WorkloadStatus & Omit<TokenInfo, 'kind'> & Resource)[];
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  readonly json: Body;
}

export class Client {
  readonly #session: ClientHttp2Session;
  readonly #token: string | undefined;

  constructor(context: TestContext, url: string, credentials: Credentials = {}) {
    const { cert, key } = credentials;
    const identity = cert !== undefined && key !== undefined ? { cert, key } : {};
    this.#session = connect(url, { rejectUnauthorized: false, ...identity });
    this.#session.on('error', () => {});
    this.#token = credentials.token;
    context.after(() => this.#session.destroy());
  }

  get session(): ClientHttp2Session {
    return this.#session;
  }

  async request(
    method: string,
    path: string,
    options: { body?: string | Buffer; headers?: Record<string, string> } = {},
  ): Promise<Reply> {
    const stream = this.#session.request({
      ':method': method,
      ':path': path,
      ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      ...options.headers,
    });
    if (!stream.writableEnded) stream.end(options.body);
    return new Promise((resolve, reject) => {
      let head: Record<string, string | string[] | undefined> = {};
      const parts: Buffer[] = [];
      stream.on('response', (fields) => {
        head = fields as typeof head;
      });
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('error', reject);
      stream.on('end', () => {
        const bytes = Buffer.concat(parts);
        const text = bytes.toString('utf8');
        const isJson = String(head['content-type']).startsWith('application/json');
        resolve({
          status: Number(head[':status']),
          headers: head,
          bytes,
          text,
          json: (isJson ? JSON.parse(text) : undefined) as Body,
        });
      });
    });
  }

  post(path: string, body: unknown): Promise<Reply> {
    return this.request('POST', path, { body: typeof body === 'string' ? body : JSON.stringify(body) });
  }

  stream(): WorkloadSide {
    return new WorkloadSide(
      this.#session.request({ ':method': 'POST', ':path': '/v1/stream' }, { endStream: false }),
    );
  }
}

/** The workload's end of a stream, and what it has been told so far. */
export class WorkloadSide {
  readonly resources = new Map<string, NamedResource>();
  readonly raw: ClientHttp2Stream;
  readonly #lines: AsyncIterator<string>;

  constructor(stream: ClientHttp2Stream) {
    this.raw = stream;
    stream.on('error', () => {});
    stream.on('end', () => stream.end());
    this.#lines = createInterface({ input: stream })[Symbol.asyncIterator]();
  }

  send(message: WorkloadMessage | string): void {
    this.raw.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  }

  async next(): Promise<ControlMessage | undefined> {
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : (JSON.parse(value) as ControlMessage);
  }

  async expect<T extends ControlMessage['type']>(type: T): Promise<Extract<ControlMessage, { type: T }>> {
    const message = await this.next();
    assert.equal(message?.type, type, JSON.stringify(message));
    return message as Extract<ControlMessage, { type: T }>;
  }

  /** The next update, taken in and accepted. */
  async update(): Promise<Extract<ControlMessage, { type: 'update' }>> {
    const update = await this.expect('update');
    for (const resource of update.upsert) this.resources.set(resource.name, resource);
    for (const name of update.remove) this.resources.delete(name);
    if (update.complete) this.send({ type: 'accepted', revision: update.revision });
    return update;
  }

  /** Takes updates until one brings about what is wanted. */
  async updateUntil(isThere: (resources: ReadonlyMap<string, NamedResource>) => boolean): Promise<void> {
    while (!isThere(this.resources)) await this.update();
  }

  get have(): Record<string, string> {
    return Object.fromEntries([...this.resources.values()].map(({ name, version }) => [name, version]));
  }
}

export type Hello = Extract<WorkloadMessage, { type: 'hello' }>;

export function hello(service: string, changes: Partial<Hello> = {}): Hello {
  return {
    type: 'hello',
    protocol: 1,
    workload: {
      namespace: 'default',
      serviceAccount: service,
      service,
      name: `${service}-1`,
      labels: { app: service },
    },
    hosts: ['*'],
    have: {},
    revision: 0,
    listeners: [],
    certificateExpiresAt: null,
    ...changes,
  };
}

export function listener(service: string, port: number) {
  return {
    ...{ service, servicePort: 9080, portName: 'http', protocol: 'HTTP' },
    ...{ address: '127.0.0.1', port, mtls: true },
  };
}

/** A join token for `account` in the default namespace. */
export async function joinToken(operator: Client, account: string, more: object = {}): Promise<string> {
  const reply = await operator.post('/v1/tokens', { namespace: 'default', serviceAccount: account, ...more });
  assert.equal(reply.status, 201, reply.text);
  return reply.json.token;
}

/** A new key and a request for it. */
export async function keyAndRequest(spiffeId?: SpiffeId): Promise<{ key: string; csr: string }> {
  const key = await newKey();
  const csr = createRequest(spiffeId === undefined ? { key } : { key, spiffeId }).toString('base64');
  return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), csr };
}

/** A client with the SVID of `account`, joined with a token. */
export async function workload(
  context: TestContext,
  { control, operator }: { control: Control; operator: Client },
  account: string,
): Promise<{ client: Client; svid: SvidResponse; credentials: Credentials }> {
  const { key, csr } = await keyAndRequest();
  const joining = new Client(context, control.url, { token: await joinToken(operator, account) });
  const reply = await joining.post('/v1/svid', { csr });
  assert.equal(reply.status, 200, reply.text);
  const svid: SvidResponse = reply.json;
  const credentials = { cert: svid.chain.join(''), key };
  return { client: new Client(context, control.url, credentials), svid, credentials };
}

export const SPLIT = (v1: number) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
    - route:
        - destination: { host: reviews, subset: v1 }
          weight: ${v1}
        - destination: { host: reviews, subset: v2 }
          weight: ${100 - v1}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
spec:
  host: reviews
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
`;

export function assertRefused(reply: Reply, status: number, code: string): void {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.json.code, code);
  assert.equal(typeof reply.json.message, 'string');
}
