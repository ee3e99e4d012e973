/**
 * The messages of gRPC's health service, which are small enough to be written and read by hand.
 * @source github.com/grpc/grpc `doc/health-checking.md`, `doc/PROTOCOL-HTTP2.md`; protobuf.dev "Encoding"
 */
import { type HeaderFields, headerValue } from '../../base/headers.js';
import type { CheckResult } from './decide.js';

export const GRPC_HEALTH_PATH = '/grpc.health.v1.Health/Check';

/** Enough for any answer of the service, which is one byte of news. */
export const GRPC_HEALTH_LIMIT_BYTES = 1_024;

const PREFIX_BYTES = 5;
const SERVING = 1;

/** `HealthCheckRequest { string service = 1 }` as one message on the wire. An empty name is the server as a whole. */
export function grpcHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  const field = name.length === 0 ? [] : [0x0a, ...varint(name.length), ...name];
  return Uint8Array.from([0, 0, 0, field.length >> 8, field.length & 0xff, ...field]);
}

/** What arrived, whole. */
export interface GrpcAnswer {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly trailers: HeaderFields | null;
  readonly body: Uint8Array;
}

/** Only a well-formed `SERVING` passes. */
export function resultOfGrpc({ status, headers, trailers, body }: GrpcAnswer): CheckResult {
  if (status !== 200) return 'unexpected-status';
  const code = (trailers && headerValue(trailers, 'grpc-status')) ?? headerValue(headers, 'grpc-status');
  return code === '0' && statusIn(body) === SERVING ? 'passed' : 'not-serving';
}

/** `HealthCheckResponse { ServingStatus status = 1 }`; 0 (unknown) if there is none, or if it cannot be read. */
function statusIn(body: Uint8Array): number {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (body.length < PREFIX_BYTES || body[0] !== 0 || view.getUint32(1) !== body.length - PREFIX_BYTES)
    return 0;
  let status = 0;
  let at = PREFIX_BYTES;
  while (at < body.length) {
    const tag = body[at]!;
    const value = body[at + 1];
    // A field that we do not know makes the message one that we do not understand.
    if (tag !== 0x08 || value === undefined || value > 0x7f) return 0;
    status = value;
    at += 2;
  }
  return status;
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)];
}
