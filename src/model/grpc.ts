/**
 * What gRPC puts into HTTP/2, as far as whoever stands between needs to see it: which requests are calls, how many messages go each way,
 * and how a call ended.
 * @source grpc doc/PROTOCOL-HTTP2.md
 */

const CONTENT_TYPE = 'application/grpc';

/** Is it a call? gRPC-Web is not. @param contentType of the request */
export function isGrpc(contentType: string | string[] | undefined): boolean {
  if (typeof contentType !== 'string' || !contentType.startsWith(CONTENT_TYPE)) return false;
  const next = contentType[CONTENT_TYPE.length];
  return next === undefined || next === '+' || next === ';';
}

/** A `grpc-status` as a number; null if there is none, or it is none of the seventeen. */
export function grpcStatusOf(value: unknown): number | null {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && /^(?:\d|1[0-6])$/.test(text) ? Number(text) : null;
}

const OF_HTTP: Readonly<Record<number, number | undefined>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};
const UNKNOWN = 2;

/** What an answer without a status of its own stands for. @source Envoy `source/common/grpc/status.cc` (`httpToGrpcStatus`) */
export function grpcOfHttp(status: number): number {
  return OF_HTTP[status] ?? UNKNOWN;
}

/** One call of gRPC: what there is to tell of it beside what HTTP tells. */
export class GrpcCall {
  /** From the client. */
  readonly requests = new MessageCount();
  /** From the server. */
  readonly responses = new MessageCount();
  /** What it was answered with; null: nothing, as yet. */
  status: number | null = null;
}

/** Flag and length before each message, bytes. */
const PREFIX = 5;

/** Counts messages by their prefixes, whatever pieces they come in. */
export class MessageCount {
  /** Those that have begun. */
  count = 0;
  /** Bytes of the message under way that are still to come. */
  #rest = 0;
  /** Bytes of a prefix that have come. */
  #prefix = 0;
  #length = 0;

  add(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#rest > 0) {
        const step = Math.min(this.#rest, bytes.length - at);
        this.#rest -= step;
        at += step;
        continue;
      }
      // The first byte is the flag.
      this.#length = this.#prefix === 0 ? 0 : this.#length * 256 + bytes[at]!;
      at += 1;
      this.#prefix += 1;
      if (this.#prefix < PREFIX) continue;
      this.#prefix = 0;
      this.#rest = this.#length;
      this.count += 1;
    }
  }
}

const FAULTS_OF_SERVER: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

/**
 * Does a server that answers so count it as an error of its own?
 * @source open-telemetry/semantic-conventions `docs/rpc/grpc.md`: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE,
 * DATA_LOSS
 */
export function isFaultOfServer(status: number): boolean {
  return FAULTS_OF_SERVER.has(status);
}

/** Service and method of a path; null if it names none. @example methodOf('/test.Echo/One'); // => { service: 'test.Echo', method: 'One' } */
export function methodOf(path: string): { readonly service: string; readonly method: string } | null {
  const slash = path.lastIndexOf('/');
  if (slash < 2 || path[0] !== '/' || slash === path.length - 1 || path.length > 512) return null;
  return { service: path.slice(1, slash), method: path.slice(slash + 1) };
}
