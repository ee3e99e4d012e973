/** `greeter.proto`, loaded. Generated code does as well. */
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface Caller {
  readonly name: string;
}
export interface Greeting {
  readonly text: string;
}
type Unary = (
  caller: Caller,
  metadata: grpc.Metadata,
  answer: grpc.requestCallback<Greeting>,
) => grpc.ClientUnaryCall;
export interface GreeterClient extends grpc.Client {
  readonly Greet: Unary;
  readonly GreetMoodily: Unary;
  readonly GreetSlowly: Unary;
  readonly GreetInAllLanguages: (caller: Caller) => grpc.ClientReadableStream<Greeting>;
}
interface Package {
  readonly example: {
    readonly Greeter: {
      new (target: string, credentials: grpc.ChannelCredentials, options?: grpc.ClientOptions): GreeterClient;
      readonly service: grpc.ServiceDefinition;
    };
  };
}

export const definition = loadSync(fileURLToPath(new URL('../greeter.proto', import.meta.url)));
export const { Greeter } = (grpc.loadPackageDefinition(definition) as unknown as Package).example;
