/** One call of `mesh.calls`: what its starter can do with it, and the sink that feeds what arrives to its listener. */
import { MeshError } from '../../base/errors.js';
import type { HeaderFields } from '../../base/headers.js';
import type { Outcome, Responded } from '../../model/outcome.js';
import type { BodySink } from '../../model/response-body.js';
import { WrittenBody } from '../../model/written-body.js';
import { type Outbound, runCall } from '../../outbound/call.js';
import type { OutboundCall } from '../../outbound/outbound-call.js';
import { bodyErrorOf, errorOf } from '../../outbound/surface.js';

/** Who hears of a call: its head, its data, and one of the two ends. Nothing is told after an end, or after the call was cancelled. */
export interface CallListener {
  onHead(status: number, headers: HeaderFields): void;
  /** @returns false to pause, until {@link StartedCall.resume} */
  onData(chunk: Uint8Array): boolean;
  /** @param trailers null for none */
  onEnd(trailers: HeaderFields | null): void;
  /** @param error a MeshError, or the reason by which the call was given up */
  onError(error: unknown): void;
}

export class StartedCall implements BodySink {
  readonly #outbound: Outbound;
  readonly #call: OutboundCall;
  readonly #listener: CallListener;
  #responded: Responded | null = null;
  #over = false;

  /** @internal */
  constructor(outbound: Outbound, call: OutboundCall, listener: CallListener) {
    this.#outbound = outbound;
    this.#call = call;
    this.#listener = listener;
  }

  /** @internal */
  run(): void {
    runCall(this.#outbound, this.#call).then(
      (outcome) => this.#settled(outcome),
      (error: unknown) => this.#broke(error),
    );
  }

  /** Address and port of the endpoint of the last attempt; null: there was none yet. */
  get peer(): string | null {
    return this.#call.current?.endpoint.endpoint.key ?? null;
  }

  /** Is the connection to that endpoint one of TLS? */
  get isSecure(): boolean {
    return (this.#call.current?.endpoint.destination.tls ?? null) !== null;
  }

  /** Adds to a body that is `written`. @param taken told when there is room for more, or nobody wants any */
  write(chunk: Uint8Array, taken: (() => void) | null = null): void {
    const { body } = this.#call;
    if (body instanceof WrittenBody) body.write(chunk, taken);
    else taken?.();
  }

  /** Ends a body that is `written`. */
  end(): void {
    const { body } = this.#call;
    if (body instanceof WrittenBody) body.end();
  }

  /** Of protocols whose bodies are made of messages, for metrics. */
  countSent(): void {
    this.#call.sentMessages += 1;
  }

  countReceived(): void {
    this.#call.receivedMessages += 1;
  }

  /** After a listener that has paused. */
  resume(): void {
    this.#responded?.body.resume();
  }

  /** Gives the call up. The listener hears nothing more. @param reason what those are told who observe calls */
  cancel(reason: Error): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#responded === null) this.#call.cancel('signal', reason);
    else this.#responded.body.drop(reason);
  }

  // -- the mesh's side --

  #settled(outcome: Outcome): void {
    if (outcome.kind !== 'response') {
      this.#end(errorOf(this.#call, outcome));
      return;
    }
    if (this.#over) {
      outcome.body.drop(CANCELLED);
      return;
    }
    this.#responded = outcome;
    // Nobody is going to send it again.
    if (this.#call.body instanceof WrittenBody) this.#call.body.commit();
    this.#listener.onHead(outcome.status, outcome.headers);
    if (!this.#over) outcome.body.attach(this);
  }

  /** @internal */
  onData(chunk: Uint8Array): boolean {
    return this.#over || this.#listener.onData(chunk);
  }

  /** @internal */
  onEnd(): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.onEnd(this.#responded?.body.trailers ?? null);
  }

  /** @internal */
  onError(error: Error): void {
    this.#end(bodyErrorOf(this.#call, error));
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.onError(error);
  }

  #broke(error: unknown): void {
    this.#end(
      new MeshError('the mesh failed; please report it', {
        code: 'HEDDLE_INTERNAL',
        sent: 'maybe',
        cause: error,
      }),
    );
  }
}

const CANCELLED = new Error('the call was cancelled');
