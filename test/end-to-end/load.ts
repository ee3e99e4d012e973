/** Calls at a constant rate over HTTP/1.1, HTTP/2, gRPC and connections that are not HTTP, while something else happens. */
import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import { clientOptions } from '@heddle/grpc';
import type { Mesh } from 'heddle';
import { TellClient } from './tell.js';

export class Load {
  /** What failed, and what was going on at that time. */
  readonly failures: string[] = [];
  calls = 0;
  /** For the messages. */
  phase = 'start';
  readonly #mesh: Mesh;
  readonly #perSecond: number;
  readonly #caller: string;
  readonly #grpc: InstanceType<typeof TellClient>;
  readonly #running: Promise<void>;
  #stopped = false;

  /** @param caller SPIFFE ID that the service is to see */
  constructor(mesh: Mesh, perSecond: number, caller: string) {
    this.#mesh = mesh;
    this.#perSecond = perSecond;
    this.#caller = caller;
    this.#grpc = new TellClient('reviews:9090', credentials.createInsecure(), clientOptions(mesh));
    this.#running = this.#run();
  }

  /** Resolves when the last answer is there. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    this.#grpc.close();
  }

  /** By the clock, not one after the other: a call that is slow does not spare the others. */
  async #run(): Promise<void> {
    const pending = new Set<Promise<void>>();
    const began = Date.now();
    while (!this.#stopped) {
      const due = Math.floor(((Date.now() - began) / 1_000) * this.#perSecond);
      for (; this.calls < due; this.calls += 1) {
        const call = this.#call(this.calls).finally(() => pending.delete(call));
        pending.add(call);
      }
      await delay(5);
    }
    await Promise.all(pending);
  }

  async #call(number: number): Promise<void> {
    const { phase } = this;
    try {
      if (number % 5 === 0) await this.#echo(`hello ${number}`);
      else if (number % 5 === 1) await this.#tell(`hello ${number}`);
      else await this.#request(number, number % 5 === 2 ? '1.1' : '2.0');
    } catch (error) {
      const { cause } = error as Error;
      this.failures.push(`call ${number} (${number % 5}) in ${phase}..${this.phase}: ${error} ${cause}`);
    }
  }

  async #request(number: number, version: '1.1' | '2.0'): Promise<void> {
    // What may not be repeated must not fail either.
    const init = number % 4 === 0 ? { method: 'POST', body: 'x'.repeat(1_000) } : {};
    const port = version === '1.1' ? 80 : 81;
    const response = await this.#mesh.fetch(`http://reviews:${port}/${number}`, init);
    const answer = await response.text();
    assert.equal(response.status, 200, answer);
    assert.notEqual(answer, '', 'an answer without a body');
    assert.deepEqual(JSON.parse(answer), {
      url: `/${number}`,
      received: init.body?.length ?? 0,
      version,
      peer: this.#caller,
    });
  }

  async #tell(text: string): Promise<void> {
    const answer = await new Promise<string>((resolve, reject) =>
      this.#grpc.tell!(text, (error: ServiceError | null, value?: string) =>
        error === null ? resolve(value!) : reject(error),
      ),
    );
    assert.deepEqual(JSON.parse(answer), { asked: text, peer: this.#caller });
  }

  async #echo(text: string): Promise<void> {
    const stream = await this.#mesh.connect('reviews:9000');
    stream.end(text);
    let answer = '';
    for await (const chunk of stream) answer += String(chunk);
    assert.equal(answer, text);
  }
}

/** A connection that lives on, and is used all the time. */
export class Talk {
  /** Monotonic milliseconds at which it ended; undefined: it lives. */
  endedAt: number | undefined;
  /** How often it was answered. */
  answers = 0;
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('error', () => {});
    stream.once('close', () => {
      this.endedAt = performance.now();
    });
    stream.on('data', (chunk: Uint8Array) => {
      this.answers += chunk.byteLength;
    });
    void this.#talk();
  }

  close(): void {
    this.#stream.destroy();
  }

  async ended(): Promise<number> {
    // However it ends: `once` would throw for a connection that is reset.
    if (this.endedAt === undefined)
      await new Promise<void>((resolve) => void this.#stream.once('close', () => resolve()));
    return this.endedAt!;
  }

  async #talk(): Promise<void> {
    while (!this.#stream.destroyed && this.#stream.writable) {
      this.#stream.write('.');
      await delay(20);
    }
  }
}
