/** What a case drives: a client of any library, on any channel, as one shape. */
import type { MethodName, Methods } from './definitions.js';

/** Keys that end in `-bin` have bytes. */
export type Fields = Readonly<Record<string, string | Buffer>>;

export interface CallOptions {
  readonly metadata?: Fields;
  readonly timeoutMs?: number;
  /** Metadata of call credentials, which the library asks for as the call begins. */
  readonly credentials?: Fields;
  /** Messages are sent compressed. */
  readonly compress?: boolean;
}

/** How a call ended, whether well or not. */
export interface End {
  /** A gRPC status. */
  readonly code: number;
  readonly details: string;
  readonly trailing: Fields;
}

/** One call. Calls with one request begin when it is sent. */
export interface TestCall<M extends MethodName> {
  /** @param compress false: this message is not, though the call compresses */
  send(request: Methods[M]['request'], compress?: boolean): void;
  /** No more messages. Those with one request are finished by sending it. */
  finish(): void;
  cancel(): void;
  /** The next message; undefined when there is none any more. */
  next(): Promise<Methods[M]['response'] | undefined>;
  /** Initial metadata; never, if the call ended without. */
  readonly initial: Promise<Fields>;
  /** Resolves for every call. */
  readonly end: Promise<End>;
}

/** What a library cannot do, and a case needs. */
export type Ability =
  /** Deadlines of single calls. */
  | 'timeout'
  /** Compresses what it sends. */
  | 'compress'
  /** Says of single messages of a stream whether they are to be compressed. */
  | 'compress-each'
  /** Call credentials. */
  | 'credentials'
  /** Of the server: compresses what it answers. */
  | 'answers-compressed';

export interface TestClient {
  readonly abilities: ReadonlySet<Ability>;
  call<M extends MethodName>(method: M, options?: CallOptions): TestCall<M>;
  /** The same on a channel of its own. */
  another(): TestClient;
  close(): void;
  /** Bytes on the wire so far, of all connections. */
  readonly wire: { readonly sent: number; readonly received: number };
}

/** Values in the order in which they came; whoever asks too early waits. */
export class Queue<T> {
  readonly #values: T[] = [];
  #closed = false;
  #wake: () => void = () => {};

  push(value: T): void {
    this.#values.push(value);
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** One at a time. Undefined: there are no more. */
  async next(): Promise<T | undefined> {
    while (this.#values.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#values.shift();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (let value = await this.next(); value !== undefined; value = await this.next()) yield value;
  }
}
