/** The cases' client on nice-grpc, over any channel of grpc-js. */
import type { Channel } from '@grpc/grpc-js';
import { ClientError, type CompatServiceDefinition, createClient, Metadata } from 'nice-grpc';
import type { Ability, CallOptions, Fields, TestCall, TestClient } from './client.js';
import {
  definitionOf,
  type MethodName,
  type Methods,
  TEST_SERVICE,
  UNIMPLEMENTED_SERVICE,
} from './definitions.js';
import { type Hooks, IterableCall } from './iterable-call.js';

/** @param options of a channel */
export type MakeChannel = (options: Readonly<Record<string, number>>) => Channel;

interface NiceOptions {
  readonly metadata: Metadata;
  readonly signal: AbortSignal;
  readonly onHeader: (metadata: Metadata) => void;
  readonly onTrailer: (metadata: Metadata) => void;
}
/** One request or many, one response or many: as its kind of method has it. */
type NiceMethod = (request: unknown, options: NiceOptions) => Promise<unknown> | AsyncIterable<unknown>;

/** nice-grpc leaves deadlines, and more, to middleware. */
export class NiceClient implements TestClient {
  readonly abilities: ReadonlySet<Ability> = new Set(['compress']);
  readonly wire;
  readonly #make: MakeChannel;
  readonly #channel: Channel;
  readonly #compressing: Channel;

  constructor(make: MakeChannel, wire: TestClient['wire']) {
    this.wire = wire;
    this.#make = make;
    this.#channel = make({});
    this.#compressing = make({ 'grpc.default_compression_algorithm': 2 });
  }

  call<M extends MethodName>(method: M, { metadata = {}, compress }: CallOptions = {}): TestCall<M> {
    const channel = compress ? this.#compressing : this.#channel;
    return new IterableCall<M>({
      start: (requests, hooks) => begin(channel, method, requests, metadata, hooks),
      ended: (error) =>
        error instanceof ClientError ? { code: error.code, details: error.details } : undefined,
    });
  }

  another(): TestClient {
    return new NiceClient(this.#make, this.wire);
  }

  close(): void {
    this.#channel.close();
    this.#compressing.close();
  }
}

async function* begin<M extends MethodName>(
  channel: Channel,
  method: M,
  requests: AsyncIterable<Methods[M]['request']>,
  metadata: Fields,
  hooks: Hooks,
): AsyncGenerator<Methods[M]['response']> {
  const isOther = method === 'UnimplementedService';
  const service = isOther ? UNIMPLEMENTED_SERVICE : TEST_SERVICE;
  const client = createClient(service as unknown as CompatServiceDefinition, channel) as unknown as Record<
    string,
    NiceMethod
  >;
  const { requestStream } = definitionOf(method);
  const options = {
    metadata: new Metadata(Object.entries(metadata)),
    signal: hooks.signal,
    onHeader: (header: Metadata) => hooks.onInitial(fieldsOf(header)),
    onTrailer: (trailer: Metadata) => hooks.onTrailing(fieldsOf(trailer)),
  };
  const request = requestStream ? requests : (await requests[Symbol.asyncIterator]().next()).value;
  const answer = client[isOther ? 'UnimplementedCall' : method]!(request, options);
  if (Symbol.asyncIterator in answer) yield* answer as AsyncIterable<Methods[M]['response']>;
  else yield (await answer) as Methods[M]['response'];
}

function fieldsOf(metadata: Metadata): Fields {
  return Object.fromEntries(
    [...metadata].map(([key, [value]]) => [key, typeof value === 'string' ? value : Buffer.from(value!)]),
  );
}
