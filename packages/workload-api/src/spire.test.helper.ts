/** A small SPIRE agent: a real gRPC server on a real Unix socket, which says what a test tells it to say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import { TestCa, type TestSvidOptions } from '@heddle/testkit';
import { fromPem, type Svid } from 'heddle/security';
import {
  SpiffeWorkloadApi,
  type X509SvidMessage,
  type X509SvidRequest,
  type X509SvidResponse,
} from './service.js';

type Stream = ServerWritableStream<X509SvidRequest, X509SvidResponse>;
/** What whoever opens a stream gets: a message, or an error by its code. */
export type Say = X509SvidResponse | { readonly code: status; readonly details: string };

export const ID = 'spiffe://cluster.local/ns/shop/sa/web';

export class Agent {
  readonly endpoint: string;
  readonly ca: TestCa;
  /** Streams that were opened. */
  opened = 0;
  say: Say;
  readonly #server: Server;
  readonly #folder: string;
  readonly #streams = new Set<Stream>();
  #onOpen: () => void = () => {};

  static async start(say?: Say): Promise<Agent> {
    const ca = await TestCa.create();
    const folder = mkdtempSync(join(tmpdir(), 'heddle-spire-'));
    const agent = new Agent(folder, ca, say ?? response([await message(ca, ID)]));
    await agent.#listen();
    return agent;
  }

  private constructor(folder: string, ca: TestCa, say: Say) {
    this.#folder = folder;
    this.endpoint = `unix://${folder}/agent.sock`;
    this.ca = ca;
    this.say = say;
    this.#server = new Server();
    this.#server.addService(SpiffeWorkloadApi, {
      FetchX509SVID: (stream: Stream) => this.#open(stream),
    });
  }

  /** What new streams begin with, and those that are open get now. */
  tell(say: Say): void {
    this.say = say;
    for (const stream of this.#streams) this.#sayTo(stream);
  }

  /** Ends all streams, as an agent that restarts. */
  hangUp(): void {
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
  }

  /** Resolves with the next stream. */
  nextStream(): Promise<void> {
    return new Promise((resolve) => {
      this.#onOpen = resolve;
    });
  }

  async close(): Promise<void> {
    this.#server.forceShutdown();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.bindAsync(this.endpoint, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }

  #open(stream: Stream): void {
    this.opened += 1;
    stream.on('error', () => {});
    stream.on('cancelled', () => this.#streams.delete(stream));
    if (stream.metadata.get('workload.spiffe.io')[0] !== 'true') {
      stream.emit('error', { code: status.INVALID_ARGUMENT, details: 'security header missing' });
      return;
    }
    this.#streams.add(stream);
    this.#sayTo(stream);
    this.#onOpen();
  }

  #sayTo(stream: Stream): void {
    const { say } = this;
    if ('svids' in say) return void stream.write(say);
    this.#streams.delete(stream);
    stream.emit('error', say);
  }
}

export async function agent(context: TestContext, say?: Say): Promise<Agent> {
  const started = await Agent.start(say);
  context.after(() => started.close());
  return started;
}

export async function message(
  ca: TestCa,
  id: string,
  options: TestSvidOptions & { readonly hint?: string } = {},
): Promise<X509SvidMessage> {
  return messageOf(ca, await ca.svid(id, options), options.hint);
}

export function messageOf(ca: TestCa, svid: Svid, hint = ''): X509SvidMessage {
  return {
    spiffe_id: svid.id.toString(),
    x509_svid: derOf(svid.chain),
    x509_svid_key: svid.key.export({ type: 'pkcs8', format: 'der' }),
    bundle: derOf(ca.bundle.roots),
    hint,
  };
}

export function derOf(certificates: readonly string[]): Buffer {
  return Buffer.concat(certificates.map((pem) => fromPem('CERTIFICATE', pem)));
}

export function response(
  svids: readonly X509SvidMessage[],
  more: Partial<X509SvidResponse> = {},
): X509SvidResponse {
  return { svids, crl: [], federated_bundles: {}, ...more };
}

/** A new folder, gone when the test ends. */
export function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'heddle-spire-'));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
