/**
 * `mesh.calls`: calls for packages that carry another protocol over HTTP/2, such as gRPC. What policy says of calls holds for them as
 * for all others; here they are told what arrives as it arrives, and write while they are answered.
 */
import { ownFields } from '../../base/headers.js';
import type { RequestBody } from '../../model/request-body.js';
import { WrittenBody } from '../../model/written-body.js';
import type { Outbound } from '../../outbound/call.js';
import { reachableBy } from '../../outbound/reachable.js';
import type { Probe } from '../../ports/transport.js';
import { type CallListener, StartedCall } from './started-call.js';

export type { CallListener, StartedCall } from './started-call.js';

/** A call to be started. It goes by HTTP/2 alone, whatever policy says of the port. */
export interface CallStart {
  /** @default 'POST' */
  readonly method?: string;
  /** `https`: refused where policy says plain text. @default 'http': as policy says */
  readonly scheme?: 'http' | 'https';
  /** `host` or `host:port`. */
  readonly authority: string;
  /** Path and query, starting with `/`. */
  readonly path: string;
  /** Names in lower case. Owned by the call from now on. Made by `emptyFields` of `heddle/ports` they need not be copied. */
  readonly headers: Record<string, string | string[]>;
  /** `written`: by {@link StartedCall.write} and `end`. What is here already can always be sent again. @default null: none */
  readonly body?: Uint8Array | 'written' | null;
  readonly signal?: AbortSignal | null;
  /** Milliseconds for the whole call. 0 and less: it is over already. @default as policy says */
  readonly timeoutMs?: number;
  /** While no endpoint can be reached the call waits, as long as it has time, instead of failing. @default false */
  readonly waitForReady?: boolean;
}

export interface MeshCalls {
  /** Starts a call. Throws nothing: how it ends is told to `listener`. */
  start(call: CallStart, listener: CallListener): StartedCall;
  /**
   * Opens a connection as calls to `authority` would, and closes it.
   * @param done called once, later, unless it is given up; false: nobody can be reached
   * @returns gives it up
   */
  probe(target: Pick<CallStart, 'authority' | 'scheme'>, done: (reached: boolean) => void): () => void;
}

export function callsOver(outbound: Outbound, probe: Probe): MeshCalls {
  return {
    probe({ authority, scheme = 'http' }, done) {
      let isWanted = true;
      const tell = (reached: boolean) => {
        if (isWanted) done(reached);
      };
      const { snapshot, closed } = outbound;
      const destination = closed || snapshot === null ? null : reachableBy(snapshot, authority, scheme);
      const stop =
        destination === null
          ? queueMicrotask(() => tell(false))
          : probe(destination, (result) => tell(result === 'passed'));
      return () => {
        isWanted = false;
        stop?.();
      };
    },
    start(start, listener) {
      const { method = 'POST', scheme = 'http', authority, path, headers, body = null } = start;
      const call = outbound.begin({
        method,
        scheme,
        authority,
        path,
        headers: ownFields(headers),
        body: bodyOf(body),
        signal: start.signal,
        timeoutMs: start.timeoutMs,
        onlyHttp2: true,
        waitForReady: start.waitForReady,
      });
      const started = new StartedCall(outbound, call, listener);
      started.run();
      return started;
    },
  };
}

function bodyOf(body: Uint8Array | 'written' | null): RequestBody {
  return body === 'written' ? new WrittenBody() : body;
}
