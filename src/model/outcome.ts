import type { Duplex } from 'node:stream';
import type { MeshErrorCode, Sent } from '../base/errors.js';
import type { HeaderFields } from '../base/headers.js';
import type { ResponseFlag } from './flags.js';
import type { ResponseBody } from './response-body.js';

/** How an attempt, or a whole call, ended. Returned inside; thrown once, at the surface. */
export type Outcome = Responded | Rejected | Failed | Cancelled;

/** A response arrived, or the mesh made one because policy says so (redirect, direct response, injected abort). */
export interface Responded {
  readonly kind: 'response';
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderFields;
  readonly body: ResponseBody;
  /** Set when the mesh itself made the response. */
  readonly local?: ResponseFlag | 'policy';
  /** With status 101: the connection, which speaks what was asked for from now on. `body` ends when it closes. */
  readonly upgraded?: Duplex;
}

/**
 * A response from the wire. What is made for each call and holds it is made by a class: where an engine sees object literals live for
 * long it makes all of that place in the old generation, and each of those keeps its whole call until old garbage is collected.
 */
export class Arrived implements Responded {
  readonly kind = 'response';
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderFields;
  readonly body: ResponseBody;

  constructor(status: number, statusText: string, headers: HeaderFields, body: ResponseBody) {
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.body = body;
  }
}

/** We refused, before anything was sent: by this attempt, at least. */
export interface Rejected {
  readonly kind: 'rejected';
  readonly code: MeshErrorCode;
  readonly flag: ResponseFlag | '-';
  /** The status that a sidecar would have answered with. */
  readonly status: number;
  /** The reason, in a few stable words: metric label, span attribute and the text people read. */
  readonly because: string;
  /** What a person needs beside it: names and hints that would be too many for a label. */
  readonly detail?: string;
  readonly retryAfterMs?: number;
  /** `maybe` if an earlier attempt of the call may have reached a peer. @default 'no' */
  readonly sent?: Sent;
}

/** What broke, in Envoy's words. */
export type Reset =
  | 'connection-failure'
  | 'connection-timeout'
  | 'connection-termination'
  | 'remote-reset'
  | 'refused-stream'
  | 'protocol-error'
  | 'per-try-timeout'
  | 'timeout'
  | 'local-reset';

/** It broke. */
export interface Failed {
  readonly kind: 'failed';
  readonly reset: Reset;
  readonly code: MeshErrorCode;
  readonly flag: ResponseFlag;
  /** `no` if it is certain that no byte of the request left. */
  readonly sent: Sent;
  readonly because: string;
  readonly cause?: unknown;
}

/** Someone gave up: the caller's signal, or the peer that we were serving. */
export interface Cancelled {
  readonly kind: 'cancelled';
  /** The caller's own reason; thrown as it is. */
  readonly cause: unknown;
}
