import { Deadline } from '../base/deadlines.js';
import type { HeaderFields } from '../base/headers.js';
import type { Attempt } from './attempt.js';
import type { ResponseFlag } from './flags.js';
import type { RequestBody } from './request-body.js';

/** What a surface (fetch, request, dispatcher) hands in. */
export interface CallRequest {
  /** In upper case. */
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** `host` or `host:port`, as the caller wrote it. */
  readonly authority: string;
  /** Path and query, starting with `/`. */
  readonly path: string;
  /** Owned by the call from now on: filters change it. No `host` field unless the caller set one. */
  readonly headers: HeaderFields;
  readonly body: RequestBody;
  readonly signal?: AbortSignal | null | undefined;
  /** The caller's own limit for the whole call, milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** What the connection is to become, e.g. `websocket`; absent: it stays HTTP. @source RFC 9110 §7.8 */
  readonly upgrade?: string | undefined;
  /** HTTP/2 and nothing else, whatever policy says of the port: protocols that HTTP/1.1 cannot carry. @default false */
  readonly onlyHttp2?: boolean | undefined;
  /** While no endpoint can be reached the call waits, as long as it has time, instead of failing. @default false */
  readonly waitForReady?: boolean | undefined;
}

/** Who is told of informational responses (1xx but 100 and 101), of every attempt. */
export interface InformationSink {
  onInformation(status: number, headers: HeaderFields): void;
}

/** One request leaving: what was asked, and the record of what became of it. One object a call. */
export class Call extends Deadline {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly originalAuthority: string;
  readonly originalPath: string;
  /** As it goes to the wire: rewrites change them. */
  authority: string;
  path: string;
  readonly headers: HeaderFields;
  readonly body: RequestBody;
  /** What the connection is to become; null: it stays HTTP. */
  readonly upgrade: string | null;
  /** It goes by HTTP/2, whatever policy says of the port. */
  readonly onlyHttp2: boolean;
  readonly waitForReady: boolean;
  /** It is a gRPC call: its status is `grpc-status`, and its deadline goes out as `grpc-timeout`, too. */
  grpc = false;
  /** Messages that went out, and came, where a surface counts them: of protocols whose bodies are made of messages. */
  sentMessages = 0;
  receivedMessages = 0;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Monotonic milliseconds; Infinity for none. */
  deadlineAt = Number.POSITIVE_INFINITY;
  /** FQDN of the service; empty until it is known. */
  service = '';
  /** Name of the picked cluster; empty until it is picked. */
  cluster = '';
  /** `ns/name` of the VirtualService and the rule's name, for logs and spans. */
  virtualService: string | null = null;
  routeName = '';
  revision = 0;
  /** Attempts begun, the first one included. */
  attempts = 0;
  /** The attempt under way. */
  current: Attempt | null = null;
  /** null: nobody asks for informational responses. */
  information: InformationSink | null = null;
  #flags: Set<ResponseFlag> | null = null;
  /** Whatever the trace filter keeps of its span. */
  span: unknown = null;
  /** Why the call was given up; undefined while it goes on. */
  cancelledBy: { readonly kind: 'signal' | 'deadline'; readonly reason: unknown } | undefined = undefined;

  constructor(request: CallRequest, startedAt: number) {
    super();
    this.method = request.method;
    this.scheme = request.scheme;
    this.originalAuthority = request.authority;
    this.originalPath = request.path;
    this.authority = request.authority;
    this.path = request.path;
    this.headers = request.headers;
    this.body = request.body;
    this.upgrade = request.upgrade ?? null;
    this.onlyHttp2 = request.onlyHttp2 === true;
    this.waitForReady = request.waitForReady === true;
    this.startedAt = startedAt;
  }

  /** Made when somebody asks: nearly no call has any. */
  get flags(): Set<ResponseFlag> {
    this.#flags ??= new Set();
    return this.#flags;
  }

  /** Are there any? */
  get flagged(): boolean {
    return this.#flags !== null && this.#flags.size > 0;
  }

  /** The deadline of the whole call has passed. */
  override expire(): void {
    this.cancel('deadline', undefined);
  }

  /** Stops the attempt under way, or the wait for the next one. Only the first cancellation counts. */
  cancel(kind: 'signal' | 'deadline', reason: unknown): void {
    if (this.cancelledBy !== undefined) return;
    this.cancelledBy = { kind, reason };
    this.current?.cancel(kind === 'deadline' ? 'deadline' : 'cancelled');
    this.onCancel?.();
  }

  /** Set by whoever waits on the call's behalf between attempts. */
  onCancel: (() => void) | null = null;
}
