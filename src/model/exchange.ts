import type { HeaderFields } from '../base/headers.js';
import type { ResponseFlag } from './flags.js';
import type { GrpcCall } from './grpc.js';
import type { SpiffeId } from './spiffe-id.js';

/** Who is at the other end of a connection. */
export interface Peer {
  /** Proved by mutual TLS; null for plain text. */
  readonly id: SpiffeId | null;
  /** Address of the socket, without port. */
  readonly address: string;
  /** Server name that the peer asked for; null for plain text. */
  readonly sni: string | null;
}

/** What an exchange was answered by, when it was the mesh. */
export interface InboundVerdict {
  readonly decision: 'allow' | 'deny';
  readonly status: 200 | 401 | 403;
  /** `ns/name` of the policy that decided; null if none selects the workload. */
  readonly policy: string | null;
  /** Place of the rule in the policy. */
  readonly rule: number | null;
  /** AUDIT policies that matched. */
  readonly audited: readonly string[];
  /** Envoy's response code details, e.g. `rbac_access_denied_matched_policy[ns[default]-policy[deny]-rule[0]]`. */
  readonly because: string;
}

/** What the mesh answers in the handler's stead. */
export interface Refusal {
  readonly status: number;
  /** Says nothing about policy: that is for the access log. */
  readonly body: string;
  /** Response code details for the access log, e.g. `rbac_access_denied_matched_policy[…]`. */
  readonly because: string;
  /** The connection is of no use any more either. */
  readonly close: boolean;
  /** Header fields of the answer beside those of its body. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** What a call of gRPC is answered with. @default what Envoy makes of `status` */
  readonly grpcStatus?: number;
}

/** What is done to the fields of a request before its handler sees them. Names are in lower case. */
export interface FieldChanges {
  readonly remove: readonly string[];
  readonly set: Readonly<Record<string, string>>;
}

export interface ExchangeFacts {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  /** As it arrived: path and query. */
  readonly path: string;
  readonly headers: HeaderFields;
  /** `TCP`: a connection that is not HTTP; there is no method, authority or path then. */
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2' | 'TCP';
  readonly peer: Peer;
  /** Of the caller, trusted proxies taken into account. */
  readonly remoteIp: string;
  readonly localAddress: string;
  readonly localPort: number;
}

/** What is kept for an exchange while it is under way, and given back when it is over. */
export interface ExchangeHold {
  /** @param complete the last byte of the answer is out */
  ended(complete: boolean): void;
  /** It became a connection of another protocol, which lasts as long as it likes. */
  upgraded(): void;
}

/** The beginning of a body, which the handler will read all the same. */
export interface BodyAhead {
  readonly bytes: Uint8Array;
  /** false: there is more of it. */
  readonly complete: boolean;
}

/** Whoever answers it. */
export interface ExchangeServer {
  /** Time is up: answers `refusal` in the handler's stead, or breaks off what the handler has begun to answer. */
  expire(): void;
  /** Retries were made, or forbidden, on a call for this exchange: an answer that is a failure says so, if it is not out yet. */
  retriesSpent?(): void;
  /** Whatever is answered has these fields, too. */
  addToAnswer?(headers: HeaderFields): void;
}

/** One request arriving: what was asked, and the record of what became of it. The one permitted ambient state hangs on it. */
export class Exchange {
  readonly facts: ExchangeFacts;
  /** Path and query after normalisation: what was checked is what is served. */
  path: string;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Milliseconds since the epoch, for the access log. */
  readonly startedWall: number;
  /** Monotonic milliseconds; Infinity for none. Calls made while serving end by then. */
  deadlineAt = Number.POSITIVE_INFINITY;
  /** It is a retry, of its caller's or further up: calls made while serving it are not retried once they have reached somebody. */
  repeated = false;
  /** Whoever asked asks again if it is not answered by `deadlineAt`: retries that would still run then are not begun. */
  repeatedWhenLate = false;
  /** Retries were made, or forbidden, on a call made while serving: whoever asked must not have another go. */
  retriesSpent = false;
  verdict: InboundVerdict | null = null;
  /** What the policies in dry run would have said; null if there are none. */
  dryRun: InboundVerdict | null = null;
  /** Set if the handler never saw it, or took too long. */
  refusal: Refusal | null = null;
  /** What the verified token says, as it came; null without one. */
  claims: Readonly<Record<string, unknown>> | null = null;
  /** `issuer/subject` of the verified token; null without one that has both. */
  requestPrincipal: string | null = null;
  /** What the handler must see otherwise than it arrived; `facts.headers` is so already. null: nothing. */
  changes: FieldChanges | null = null;
  /**
   * Set while something has to be waited for (the signature of a token, keys to look it up by) before `refusal` says whether the
   * handler may run; until then `refusal` says no. Never rejects.
   */
  waiting: Promise<void> | null = null;
  /** So many bytes of the body are needed before it is known whether the handler may run; null: none. */
  bodyWanted: number | null = null;
  /** Those bytes; set by the adapter where they are wanted. Resolves to null if there is no body. Never rejects. */
  bodyAhead: Promise<BodyAhead | null> | null = null;
  /** `x-request-id` of the exchange and of every call made while serving it. */
  requestId = '';
  /** 0 until a response was begun. */
  status = 0;
  bytesReceived = 0;
  bytesSent = 0;
  /** Set by an adapter that reads gRPC; null: it is none, or nobody looks. */
  grpc: GrpcCall | null = null;
  #flags: Set<ResponseFlag> | null = null;
  /** Set by whoever protects the workload; null: nothing is held. */
  hold: ExchangeHold | null = null;
  /** Set by the adapter. */
  server: ExchangeServer | null = null;
  /** Whatever telemetry keeps: its span and context. */
  telemetry: unknown = null;
  /** The peer is gone, or the exchange is over: work done for it is of no use any more. */
  ended = false;
  /** When the peer went away before it was answered; monotonic milliseconds. null: it did not. */
  goneAt: number | null = null;
  #onEnd: Set<() => void> | null = null;

  constructor(facts: ExchangeFacts, startedAt: number, startedWall: number) {
    this.facts = facts;
    this.path = facts.path;
    this.startedAt = startedAt;
    this.startedWall = startedWall;
  }

  /** What went wrong, for logs and metrics. Made when first asked for: most exchanges have none. */
  get flags(): Set<ResponseFlag> {
    this.#flags ??= new Set();
    return this.#flags;
  }

  /** Are there any {@link flags}? Costs nothing where there are not. */
  get flagged(): boolean {
    return this.#flags !== null && this.#flags.size > 0;
  }

  /** A call made while serving ended badly, and retries had their say in it. */
  spendRetries(): void {
    if (this.ended || this.retriesSpent) return;
    this.retriesSpent = true;
    this.server?.retriesSpent?.();
  }

  /** Calls `listener` once when the peer goes away before it was answered. */
  onAbandoned(listener: () => void): () => void {
    this.#onEnd ??= new Set();
    this.#onEnd.add(listener);
    return () => this.#onEnd?.delete(listener);
  }

  /** The peer went away before it was answered. */
  abandon(): void {
    if (this.ended) return;
    this.ended = true;
    this.flags.add('DC');
    const listeners = this.#onEnd;
    this.#onEnd = null;
    if (listeners !== null) for (const listener of listeners) listener();
  }
}
