import { Deadline } from '../base/deadlines.js';
import type { HeaderFields } from '../base/headers.js';
import type { Call } from './call.js';
import type { EndpointState } from './endpoint-state.js';

/** Why an attempt was stopped from our side. */
export type AttemptStop = 'per-try-timeout' | 'deadline' | 'cancelled';

/** One try of a call on one endpoint. */
export class Attempt extends Deadline {
  readonly call: Call;
  /** 1 is the first. */
  readonly number: number;
  readonly endpoint: EndpointState;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Set by the transport while the attempt can be stopped. */
  abort: ((stop: AttemptStop) => void) | null = null;
  /** Why it was stopped from our side, if it was. */
  stopped: AttemptStop | null = null;
  /** Its own copy where attempts of one call run side by side; null: the call's, which an attempt after it changes. */
  headers: HeaderFields | null = null;
  /** How many filters of the plan admitted it: exactly these are settled and released. */
  admitted = 0;
  /** Whatever the attempt-span filter keeps. */
  span: unknown = null;

  constructor(call: Call, number: number, endpoint: EndpointState, startedAt: number) {
    super();
    this.call = call;
    this.number = number;
    this.endpoint = endpoint;
    this.startedAt = startedAt;
  }

  /**
   * An idle connection was gone when the transport used it: may the request go out again, on another one?
   * @param _now monotonic milliseconds
   */
  mayGoAgain(_now: number): boolean {
    return true;
  }

  /** The per-try timeout has passed. */
  override expire(): void {
    this.cancel('per-try-timeout');
  }

  cancel(stop: AttemptStop): void {
    if (this.stopped !== null) return;
    this.stopped = stop;
    this.abort?.(stop);
  }
}
