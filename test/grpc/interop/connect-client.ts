/** The cases' client on ConnectRPC, its gRPC protocol, over any function that makes requests. */
import {
  create,
  createFileRegistry,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
} from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ConnectError, decodeBinaryHeader, encodeBinaryHeader, type Transport } from '@connectrpc/connect';
import type { UniversalClientFn } from '@connectrpc/connect/protocol';
import { createTransport } from '@connectrpc/connect/protocol-grpc';
import { compressionGzip } from '@connectrpc/connect-node';
import type { Ability, CallOptions, Fields, TestCall, TestClient } from './client.js';
import { FILE_DESCRIPTOR, type MethodName, type Methods } from './definitions.js';
import { type Hooks, IterableCall } from './iterable-call.js';

const registry = createFileRegistry(qualified(FILE_DESCRIPTOR), () => undefined);

/** Types by their full names, which `protobufjs` does not write. */
function qualified(encoded: Uint8Array): FileDescriptorProto {
  const file = fromBinary(FileDescriptorProtoSchema, encoded);
  const full = (name: string) => (name === '' || name.startsWith('.') ? name : `.${file.package}.${name}`);
  for (const field of file.messageType.flatMap((message) => message.field))
    field.typeName = full(field.typeName);
  for (const method of file.service.flatMap((service) => service.method)) {
    method.inputType = full(method.inputType);
    method.outputType = full(method.outputType);
  }
  return file;
}

function methodOf(name: MethodName): DescMethod {
  const isOther = name === 'UnimplementedService';
  const service = registry.getService(`grpc.testing.${isOther ? name : 'TestService'}`);
  const method = service?.methods.find((one) => one.name === (isOther ? 'UnimplementedCall' : name));
  if (method === undefined) throw new Error(`there is no ${name}`);
  return method;
}

export class ConnectClient implements TestClient {
  readonly abilities: ReadonlySet<Ability> = new Set(['timeout', 'compress']);
  readonly wire;
  readonly #httpClient: UniversalClientFn;
  readonly #transport: Transport;
  readonly #compressing: Transport;

  constructor(httpClient: UniversalClientFn, wire: TestClient['wire']) {
    this.wire = wire;
    this.#httpClient = httpClient;
    const options = {
      httpClient,
      baseUrl: 'http://interop.mesh',
      useBinaryFormat: true,
      interceptors: [],
      acceptCompression: [compressionGzip],
      compressMinBytes: 1_024,
      readMaxBytes: 4_194_304,
      writeMaxBytes: 4_194_304,
    };
    this.#transport = createTransport({ ...options, sendCompression: null });
    this.#compressing = createTransport({ ...options, sendCompression: compressionGzip });
  }

  call<M extends MethodName>(method: M, options: CallOptions = {}): TestCall<M> {
    const transport = options.compress ? this.#compressing : this.#transport;
    return new IterableCall<M>({
      start: (requests, hooks) => begin(transport, methodOf(method), requests, options, hooks),
      ended: (error) =>
        error instanceof ConnectError ? { code: error.code, details: error.rawMessage } : undefined,
    });
  }

  another(): TestClient {
    return new ConnectClient(this.#httpClient, this.wire);
  }

  close(): void {}
}

async function* begin<M extends MethodName>(
  transport: Transport,
  method: DescMethod,
  requests: AsyncIterable<Methods[M]['request']>,
  { metadata = {}, timeoutMs }: CallOptions,
  { signal, onInitial, onTrailing }: Hooks,
): AsyncGenerator<Methods[M]['response']> {
  const header = headersOf(metadata);
  if (method.methodKind === 'unary') {
    const { value } = await requests[Symbol.asyncIterator]().next();
    const { input } = method;
    const init = create(input, value as MessageInitShape<typeof input>);
    const answer = await transport.unary(method as DescMethodUnary, signal, timeoutMs, header, init);
    onInitial(fieldsOf(answer.header));
    onTrailing(fieldsOf(answer.trailer));
    yield answer.message as unknown as Methods[M]['response'];
    return;
  }
  const { input } = method;
  const inits = (async function* () {
    for await (const one of requests) yield create(input, one as MessageInitShape<typeof input>);
  })();
  const answer = await transport.stream(method as DescMethodStreaming, signal, timeoutMs, header, inits);
  onInitial(fieldsOf(answer.header));
  for await (const message of answer.message) yield message as unknown as Methods[M]['response'];
  onTrailing(fieldsOf(answer.trailer));
}

function headersOf(fields: Fields): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields))
    headers.set(name, typeof value === 'string' ? value : encodeBinaryHeader(value));
  return headers;
}

function fieldsOf(headers: Headers): Fields {
  const value = (name: string, text: string) =>
    name.endsWith('-bin') ? Buffer.from(decodeBinaryHeader(text)) : text;
  return Object.fromEntries([...headers].map(([name, text]) => [name, value(name, text)]));
}
