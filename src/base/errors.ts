/**
 * The one error class of the surface and its closed list of codes. Inside, an `Outcome` is returned; at the surface it
 * becomes a `MeshError`, once.
 */

/** Why. Each code has its row in `docs/reference/errors.md`. */
export type MeshErrorCode =
  | 'HEDDLE_INVALID_ARGUMENT'
  | 'HEDDLE_INVALID_SETTING'
  | 'HEDDLE_CLOSED'
  | 'HEDDLE_JOIN_FAILED'
  | 'HEDDLE_NO_POLICY'
  | 'HEDDLE_INVALID_POLICY'
  | 'HEDDLE_NO_ROUTE'
  | 'HEDDLE_NO_CLUSTER'
  | 'HEDDLE_NO_ENDPOINT'
  | 'HEDDLE_CIRCUIT_OPEN'
  | 'HEDDLE_OVERLOADED'
  | 'HEDDLE_RATE_LIMITED'
  | 'HEDDLE_DENIED'
  | 'HEDDLE_PEER_UNTRUSTED'
  | 'HEDDLE_IDENTITY_UNAVAILABLE'
  | 'HEDDLE_CONNECT_FAILED'
  | 'HEDDLE_CONNECTION_LOST'
  | 'HEDDLE_PROTOCOL_ERROR'
  | 'HEDDLE_DEADLINE_EXCEEDED'
  | 'HEDDLE_ABORTED'
  | 'HEDDLE_INTERNAL';

/** May bytes of the request have reached the peer? A call that was not sent is always safe to repeat. */
export type Sent = 'no' | 'maybe';

export interface MeshErrorFacts {
  readonly code: MeshErrorCode;
  /** Envoy's response flag, e.g. `UH`; `-` if no flag fits. @default '-' */
  readonly flag?: string;
  /** @default 'no' */
  readonly sent?: Sent;
  readonly service?: string | undefined;
  readonly cluster?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Attempts made, the first one included. @default 0 */
  readonly attempts?: number;
  /** Revision of the policy that decided. */
  readonly revision?: number | undefined;
  /** How long the caller should leave this alone, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

const BRAND = Symbol.for('heddle.MeshError');

/** Every error that Heddle throws. Match on `code`, with {@link isMeshError}, not with `instanceof`: two copies may be loaded. */
export class MeshError extends Error {
  override readonly name = 'MeshError';
  readonly code: MeshErrorCode;
  readonly flag: string;
  readonly sent: Sent;
  readonly service: string | undefined;
  readonly cluster: string | undefined;
  readonly endpoint: string | undefined;
  readonly attempts: number;
  readonly revision: number | undefined;
  readonly retryAfterMs: number | undefined;

  /** @param message what happened and what to do; the code is put in front of it */
  constructor(message: string, facts: MeshErrorFacts) {
    super(`[${facts.code}] ${message}`, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.flag = facts.flag ?? '-';
    this.sent = facts.sent ?? 'no';
    this.service = facts.service;
    this.cluster = facts.cluster;
    this.endpoint = facts.endpoint;
    this.attempts = facts.attempts ?? 0;
    this.revision = facts.revision;
    this.retryAfterMs = facts.retryAfterMs;
  }

  get [BRAND](): true {
    return true;
  }
}

/** Is `error` a MeshError (of this or another copy of the package), and of `code` if one is given? */
export function isMeshError(error: unknown, code?: MeshErrorCode): error is MeshError {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as MeshError).code === code;
}
