/**
 * External authorization over Envoy's HTTP form: a check is a call of this workload's own, so that mutual TLS, limits and time are what
 * policy says of calls to the authorizer.
 */
import type { BodySink } from '../../model/response-body.js';
import { type Outbound, runCall } from '../../outbound/call.js';
import type { CheckAnswer, SendCheck } from '../../security/authorize/check.js';

/** Of an answer: it is a refusal for one caller, not a document. */
const MOST_BYTES = 64 * 1024;

/** null is answered for whatever is no whole answer: nobody there, too late, too long, broken off. */
export function checkOver(outbound: Outbound): SendCheck {
  return async ({ method, authority, path, headers, body, timeoutMs }): Promise<CheckAnswer | null> => {
    const call = outbound.begin({ method, scheme: 'http', authority, path, headers, body, timeoutMs });
    const outcome = await runCall(outbound, call);
    if (outcome.kind !== 'response') return null;
    const answered = await new Promise<string | null>((resolve) =>
      outcome.body.attach(new Bounded(resolve, () => outcome.body.drop(new Error('the answer is too long')))),
    );
    return answered === null ? null : { status: outcome.status, headers: outcome.headers, body: answered };
  };
}

class Bounded implements BodySink {
  readonly #resolve: (text: string | null) => void;
  readonly #drop: () => void;
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  constructor(resolve: (text: string | null) => void, drop: () => void) {
    this.#resolve = resolve;
    this.#drop = drop;
  }

  onData(chunk: Uint8Array): boolean {
    this.#size += chunk.byteLength;
    if (this.#size > MOST_BYTES) {
      this.#resolve(null);
      this.#drop();
      return false;
    }
    this.#parts.push(chunk);
    return true;
  }

  onEnd(): void {
    this.#resolve(Buffer.concat(this.#parts).toString('utf8'));
  }

  onError(): void {
    this.#resolve(null);
  }
}
