/** The server side of gRPC's interop tests, as a service of grpc-js. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  Metadata,
  Server,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import {
  type EchoStatus,
  type Empty,
  type InputRequest,
  type InputResponse,
  type OutputRequest,
  type OutputResponse,
  type SimpleRequest,
  type SimpleResponse,
  TEST_SERVICE,
} from './definitions.js';

const INITIAL = 'x-grpc-test-echo-initial';
const TRAILING = 'x-grpc-test-echo-trailing-bin';

const zeros = (size = 0) => ({ body: Buffer.alloc(size) });

interface Echoing {
  readonly metadata: Metadata;
  sendMetadata(metadata: Metadata): void;
}

/** @returns trailing metadata */
function echo(call: Echoing): Metadata {
  const initial = new Metadata();
  for (const value of call.metadata.get(INITIAL)) initial.add(INITIAL, value);
  call.sendMetadata(initial);
  const trailing = new Metadata();
  for (const value of call.metadata.get(TRAILING)) trailing.add(TRAILING, value);
  return trailing;
}

function errorOf({ code, message }: EchoStatus, metadata: Metadata) {
  return Object.assign(new Error(message), { code, details: message, metadata });
}

/** @param serverId what it calls itself */
export function interopService(serverId: string): UntypedServiceImplementation {
  async function answer(call: ServerWritableStream<OutputRequest, OutputResponse>, request: OutputRequest) {
    for (const { size, intervalUs } of request.responseParameters ?? []) {
      if (intervalUs) await pause(intervalUs / 1_000);
      if (call.cancelled || call.destroyed) return;
      if (!call.write({ payload: zeros(size) })) await drained(call);
    }
  }
  return {
    EmptyCall(_call: ServerUnaryCall<Empty, Empty>, callback: sendUnaryData<Empty>) {
      callback(null, {});
    },
    UnaryCall(call: ServerUnaryCall<SimpleRequest, SimpleResponse>, callback: sendUnaryData<SimpleResponse>) {
      const trailing = echo(call);
      const { responseStatus, responseSize, fillUsername, fillServerId } = call.request;
      if (responseStatus) return callback(errorOf(responseStatus, trailing));
      const bearer = String(call.metadata.get('authorization')[0] ?? '');
      const username = fillUsername ? bearer.replace(/^Bearer /, '') : '';
      const response = { payload: zeros(responseSize), username, serverId: fillServerId ? serverId : '' };
      callback(null, response, trailing);
    },
    async StreamingOutputCall(call: ServerWritableStream<OutputRequest, OutputResponse>) {
      const trailing = echo(call);
      await answer(call, call.request);
      call.end(trailing);
    },
    StreamingInputCall(
      call: ServerReadableStream<InputRequest, InputResponse>,
      callback: sendUnaryData<InputResponse>,
    ) {
      let aggregatedPayloadSize = 0;
      call.on('error', () => {});
      call.on('data', ({ payload }: InputRequest) => {
        aggregatedPayloadSize += payload?.body?.length ?? 0;
      });
      call.on('end', () => callback(null, { aggregatedPayloadSize }));
    },
    async FullDuplexCall(call: ServerDuplexStream<OutputRequest, OutputResponse>) {
      const trailing = echo(call);
      call.on('error', () => {});
      try {
        // Else its end would end what is still to be written.
        for await (const request of call.iterator({
          destroyOnReturn: false,
        }) as AsyncIterable<OutputRequest>) {
          if (request.responseStatus) {
            call.emit('error', errorOf(request.responseStatus, trailing));
            return;
          }
          await answer(call as unknown as ServerWritableStream<OutputRequest, OutputResponse>, request);
        }
      } catch {
        // The caller has gone away.
        return;
      }
      call.end(trailing);
    },
  };
}

function drained(call: ServerWritableStream<OutputRequest, OutputResponse>): Promise<void> {
  return new Promise((resolve) => {
    call.once('drain', resolve);
    call.once('close', resolve);
    call.once('cancelled', resolve);
  });
}

/**
 * Not bound yet.
 * @param onDuplex is told of each FullDuplexCall
 */
export function interopServer(
  serverId = 'interop',
  onDuplex: (call: ServerDuplexStream<OutputRequest, OutputResponse>) => void = () => {},
): Server {
  const server = new Server();
  const service = interopService(serverId);
  const { FullDuplexCall } = service;
  server.addService(TEST_SERVICE, {
    ...service,
    FullDuplexCall(call: ServerDuplexStream<OutputRequest, OutputResponse>) {
      onDuplex(call);
      (FullDuplexCall as (one: typeof call) => void)(call);
    },
  });
  return server;
}
