/** The service of gRPC's interop tests: its types, and its definition as every library here takes it. */
import { fileURLToPath } from 'node:url';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader';

export interface Payload {
  readonly body?: Uint8Array;
}
interface BoolValue {
  readonly value: boolean;
}
export interface EchoStatus {
  readonly code: number;
  readonly message: string;
}
export interface SimpleRequest {
  readonly responseSize?: number;
  readonly payload?: Payload | null;
  readonly fillUsername?: boolean;
  readonly fillServerId?: boolean;
  readonly responseCompressed?: BoolValue | null;
  readonly responseStatus?: EchoStatus | null;
}
export interface SimpleResponse {
  readonly payload?: Payload | null;
  readonly username?: string;
  readonly serverId?: string;
}
export interface InputRequest {
  readonly payload?: Payload | null;
}
export interface InputResponse {
  readonly aggregatedPayloadSize?: number;
}
interface ResponseParameters {
  readonly size?: number;
  readonly intervalUs?: number;
  readonly compressed?: BoolValue | null;
}
export interface OutputRequest {
  readonly responseParameters?: readonly ResponseParameters[];
  readonly payload?: Payload | null;
  readonly responseStatus?: EchoStatus | null;
}
export interface OutputResponse {
  readonly payload?: Payload | null;
}
export type Empty = Record<string, never>;

/** What each method takes and gives. */
export interface Methods {
  readonly EmptyCall: { readonly request: Empty; readonly response: Empty };
  readonly UnaryCall: { readonly request: SimpleRequest; readonly response: SimpleResponse };
  readonly StreamingOutputCall: { readonly request: OutputRequest; readonly response: OutputResponse };
  readonly StreamingInputCall: { readonly request: InputRequest; readonly response: InputResponse };
  readonly FullDuplexCall: { readonly request: OutputRequest; readonly response: OutputResponse };
  readonly UnimplementedCall: { readonly request: Empty; readonly response: Empty };
  /** The same of a service that no server has. */
  readonly UnimplementedService: { readonly request: Empty; readonly response: Empty };
}
export type MethodName = keyof Methods;

/** Of this folder's sources: the build does not copy what is not TypeScript. */
export const sourceOf = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/grpc/${name}`, import.meta.url));

const loaded = loadSync(sourceOf('testing.proto'), { defaults: true });
const service = (name: string) => loaded[`grpc.testing.${name}`] as ServiceDefinition;

export const TEST_SERVICE = service('TestService');
export const UNIMPLEMENTED_SERVICE = service('UnimplementedService');

export function definitionOf<M extends MethodName>(
  method: M,
): MethodDefinition<Methods[M]['request'], Methods[M]['response']> {
  const definition =
    method === 'UnimplementedService' ? UNIMPLEMENTED_SERVICE.UnimplementedCall : TEST_SERVICE[method];
  return definition as unknown as MethodDefinition<Methods[M]['request'], Methods[M]['response']>;
}

/** The descriptors (`FileDescriptorProto`, encoded), with the names of the file, for libraries that make messages of them. */
export const FILE_DESCRIPTOR: Buffer = (
  loadSync(sourceOf('testing.proto'), { keepCase: true })['grpc.testing.Empty'] as MessageTypeDefinition<
    object,
    object
  >
).fileDescriptorProtos[0]!;
