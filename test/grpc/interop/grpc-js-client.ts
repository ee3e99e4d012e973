/** The cases' client on grpc-js, over any channel of it. */
import {
  CallCredentials,
  type Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  compressionAlgorithms,
  type CallOptions as GrpcCallOptions,
  Metadata,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import {
  type Ability,
  type CallOptions,
  type End,
  type Fields,
  Queue,
  type TestCall,
  type TestClient,
} from './client.js';
import { definitionOf, type MethodName, type Methods } from './definitions.js';

/** Of grpc's write flags: this message is not compressed. */
const NO_COMPRESS = 2;

/** @param options of a channel */
export type MakeClient = (options: Readonly<Record<string, number>>) => Client;

/** A call of any kind. */
type Call = Pick<ClientUnaryCall, 'cancel'> & NodeJS.EventEmitter;

export class GrpcJsClient implements TestClient {
  readonly abilities: ReadonlySet<Ability>;
  readonly wire;
  readonly #make: MakeClient;
  readonly #client: Client;
  readonly #compressing: Client;

  constructor(make: MakeClient, wire: TestClient['wire'], abilities: readonly Ability[] = []) {
    this.abilities = new Set([...abilities, 'timeout', 'compress', 'compress-each']);
    this.wire = wire;
    this.#make = make;
    this.#client = make({});
    this.#compressing = make({ 'grpc.default_compression_algorithm': compressionAlgorithms.gzip });
  }

  call<M extends MethodName>(method: M, options: CallOptions = {}): TestCall<M> {
    return new GrpcJsCall(options.compress ? this.#compressing : this.#client, method, options);
  }

  another(): TestClient {
    return new GrpcJsClient(this.#make, this.wire, [...this.abilities]);
  }

  close(): void {
    this.#client.close();
    this.#compressing.close();
  }
}

class GrpcJsCall<M extends MethodName> implements TestCall<M> {
  readonly initial: Promise<Fields>;
  readonly end: Promise<End>;
  readonly #responses = new Queue<Methods[M]['response']>();
  /** Of calls with one request: sends it. */
  readonly #start: ((request: Methods[M]['request']) => void) | null;
  #cancel = () => {};
  #writable: ClientWritableStream<Methods[M]['request']> | null = null;
  #onInitial!: (fields: Fields) => void;
  #onEnd!: (end: End) => void;

  constructor(client: Client, method: M, options: CallOptions) {
    this.initial = new Promise((resolve) => {
      this.#onInitial = resolve;
    });
    this.end = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
    const { path, requestSerialize, responseDeserialize, requestStream, responseStream } =
      definitionOf(method);
    const how = [path, requestSerialize, responseDeserialize] as const;
    const more = [metadataOf(options.metadata ?? {}), grpcOptions(options)] as const;
    const answered = (_error: ServiceError | null, response?: Methods[M]['response']) => {
      if (response !== undefined) this.#responses.push(response);
      this.#responses.close();
    };
    this.#start = requestStream
      ? null
      : (request) => {
          if (responseStream) this.#reads(client.makeServerStreamRequest(...how, request, ...more));
          else this.#follow(client.makeUnaryRequest(...how, request, ...more, answered));
        };
    if (!requestStream) return;
    if (responseStream) {
      const call = client.makeBidiStreamRequest(...how, ...more);
      this.#writable = call;
      this.#reads(call);
    } else {
      this.#writable = client.makeClientStreamRequest(...how, ...more, answered);
      this.#follow(this.#writable);
    }
  }

  send(request: Methods[M]['request'], compress = true): void {
    if (this.#start !== null) this.#start(request);
    // grpc-js takes the flags of a message where streams have the encoding.
    else this.#writable!.write(request, (compress ? 0 : NO_COMPRESS) as unknown as BufferEncoding);
  }

  finish(): void {
    this.#writable?.end();
  }

  cancel(): void {
    this.#cancel();
  }

  next(): Promise<Methods[M]['response'] | undefined> {
    return this.#responses.next();
  }

  #reads(call: ClientReadableStream<Methods[M]['response']>): void {
    this.#follow(call);
    call.on('error', () => {});
    call.on('data', (response: Methods[M]['response']) => this.#responses.push(response));
    call.on('status', () => this.#responses.close());
  }

  #follow(call: Call): void {
    this.#cancel = () => call.cancel();
    call.on('metadata', (metadata: Metadata) => this.#onInitial(fieldsOf(metadata)));
    call.on('status', ({ code, details, metadata }: StatusObject) =>
      this.#onEnd({ code, details, trailing: fieldsOf(metadata) }),
    );
  }
}

function grpcOptions({ timeoutMs, credentials }: CallOptions): GrpcCallOptions {
  const generate = (_: unknown, callback: (error: Error | null, metadata?: Metadata) => void) =>
    callback(null, metadataOf(credentials!));
  return {
    ...(timeoutMs !== undefined && { deadline: Date.now() + timeoutMs }),
    ...(credentials !== undefined && { credentials: CallCredentials.createFromMetadataGenerator(generate) }),
  };
}

export function metadataOf(fields: Fields): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(fields)) metadata.set(key, value);
  return metadata;
}

export function fieldsOf(metadata: Metadata): Fields {
  return Object.fromEntries(Object.keys(metadata.getMap()).map((key) => [key, metadata.get(key)[0]!]));
}
