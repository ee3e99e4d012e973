/**
 * How a call ended, as gRPC says it: by what the peer said, by HTTP's status where it said nothing, or by what the mesh says.
 * @source grpc `doc/PROTOCOL-HTTP2.md`, `doc/http-grpc-status-mapping.md`; Envoy `source/common/grpc/status.cc`
 */
import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { isMeshError, type MeshErrorCode } from 'heddle';
import type { HeaderFields } from 'heddle/ports';
import { metadataOf } from './metadata.js';

export interface PartialStatus {
  readonly code: number;
  readonly details: string;
}

/** `cause` comes to the error that an application gets. */
export type Ended = StatusObject & { readonly cause?: unknown };

export function endedWith(code: number, details: string): Ended {
  return { code, details, metadata: new Metadata() };
}

/** What the peer's trailers, or its only head, say; null: nothing. @param fields null: there are none */
export function statusIn(fields: HeaderFields | null): Ended | null {
  const text = fields?.['grpc-status'];
  if (fields === null || text === undefined) return null;
  const code = typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : status.UNKNOWN;
  const message = fields['grpc-message'];
  return {
    code,
    details: message === undefined ? '' : decoded(String(message)),
    metadata: metadataOf(fields),
  };
}

/** Undoes percent-encoding; what is none stays as it is. */
function decoded(text: string): string {
  if (!text.includes('%')) return text;
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const hex = text.slice(at + 1, at + 3);
    if (text[at] === '%' && /^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    } else bytes.push(text.charCodeAt(at) & 0xff);
  }
  return Buffer.from(bytes).toString('utf8');
}

/** Of a response without a gRPC status. */
export function withoutStatus(httpStatus: number): Ended {
  if (httpStatus === 200) return endedWith(status.UNKNOWN, 'The call ended without a gRPC status');
  return endedWith(codeOfHttp(httpStatus), `Received HTTP status code ${httpStatus}`);
}

function codeOfHttp(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return status.INTERNAL;
    case 401:
      return status.UNAUTHENTICATED;
    case 403:
      return status.PERMISSION_DENIED;
    case 404:
      return status.UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return status.UNAVAILABLE;
    default:
      return status.UNKNOWN;
  }
}

/** Of a call that the mesh refused, that broke, or that somebody gave up. */
export function statusOfError(error: unknown): Ended {
  const message = error instanceof Error ? error.message : String(error);
  if (!isMeshError(error)) return { ...endedWith(status.CANCELLED, `Cancelled: ${message}`), cause: error };
  const reset = resetOf(error.cause);
  const code = reset === undefined ? CODES[error.code] : (OF_RESETS[reset] ?? status.INTERNAL);
  return { ...endedWith(code, error.message), cause: error };
}

/** The code by which a peer has reset a stream; undefined: it did not. */
function resetOf(cause: unknown): number | undefined {
  const code = cause instanceof Error ? (cause as { http2Code?: unknown }).http2Code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** By the codes of RFC 9113 §7. What is not here is INTERNAL. */
const OF_RESETS: Readonly<Record<number, number>> = {
  7: status.UNAVAILABLE, // REFUSED_STREAM
  8: status.CANCELLED, // CANCEL
  11: status.RESOURCE_EXHAUSTED, // ENHANCE_YOUR_CALM
  12: status.PERMISSION_DENIED, // INADEQUATE_SECURITY
};

/** By what a sidecar would have answered, but for deadlines: whoever owns them says what they are. */
const CODES: Readonly<Record<MeshErrorCode, number>> = {
  HEDDLE_INVALID_ARGUMENT: status.INTERNAL,
  HEDDLE_INVALID_SETTING: status.INTERNAL,
  HEDDLE_CLOSED: status.UNAVAILABLE,
  HEDDLE_JOIN_FAILED: status.UNAVAILABLE,
  HEDDLE_NO_POLICY: status.UNAVAILABLE,
  HEDDLE_INVALID_POLICY: status.UNAVAILABLE,
  HEDDLE_NO_ROUTE: status.UNIMPLEMENTED,
  HEDDLE_NO_CLUSTER: status.UNAVAILABLE,
  HEDDLE_NO_ENDPOINT: status.UNAVAILABLE,
  HEDDLE_CIRCUIT_OPEN: status.UNAVAILABLE,
  HEDDLE_OVERLOADED: status.UNAVAILABLE,
  HEDDLE_RATE_LIMITED: status.UNAVAILABLE,
  HEDDLE_DENIED: status.PERMISSION_DENIED,
  HEDDLE_PEER_UNTRUSTED: status.UNAVAILABLE,
  HEDDLE_IDENTITY_UNAVAILABLE: status.UNAVAILABLE,
  HEDDLE_CONNECT_FAILED: status.UNAVAILABLE,
  HEDDLE_CONNECTION_LOST: status.UNAVAILABLE,
  HEDDLE_PROTOCOL_ERROR: status.UNAVAILABLE,
  HEDDLE_DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  HEDDLE_ABORTED: status.CANCELLED,
  HEDDLE_INTERNAL: status.INTERNAL,
};
