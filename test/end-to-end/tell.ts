/** A service of gRPC whose messages are text: `/test.Echo/Tell` says who asked for what. */
import { makeGenericClientConstructor, type ServiceDefinition } from '@grpc/grpc-js';

const text = {
  serialize: (value: string): Buffer => Buffer.from(value),
  deserialize: (bytes: Buffer): string => bytes.toString(),
};

export const TELL = {
  tell: {
    path: '/test.Echo/Tell',
    requestStream: false,
    responseStream: false,
    requestSerialize: text.serialize,
    requestDeserialize: text.deserialize,
    responseSerialize: text.serialize,
    responseDeserialize: text.deserialize,
  },
} satisfies ServiceDefinition;

export const TellClient = makeGenericClientConstructor(TELL, 'Echo');
