/** Active health checks of one cluster: asks each endpoint, again and again, and tells the cluster's memory what it found. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Timer } from '../base/clock.js';
import type { Random } from '../base/random.js';
import type { Destination } from '../model/destination.js';
import type { EndpointState } from '../model/endpoint-state.js';
import { type HealthOptions, HealthState, nextCheckMs } from '../traffic/health/index.js';
import type { HealthCheckPolicy } from '../traffic/health/policy.js';
import { beginCheck, type CheckWire, checkDestination } from './health-check.js';

export interface HealthChecksOptions extends HealthOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly wire: CheckWire;
  /** What the cluster's endpoints are called by. */
  readonly service: string;
  /** Was the cluster ever called? */
  readonly used: () => boolean;
}

export class HealthChecks {
  readonly state: HealthState;
  readonly #options: HealthChecksOptions;
  #policy: HealthCheckPolicy;
  readonly #sessions = new Map<EndpointState, Session>();
  #stopped = false;

  constructor(options: HealthChecksOptions) {
    this.#options = options;
    this.#policy = options.policy;
    this.state = new HealthState(options);
  }

  /** Takes over a changed policy or list of endpoints. Whoever is new is asked at once; what others wait for goes on. */
  update(policy: HealthCheckPolicy, endpoints: readonly EndpointState[]): void {
    const changed = !isDeepStrictEqual(policy, this.#policy);
    this.#policy = policy;
    this.state.setPolicy(policy);
    this.state.update(endpoints);
    if (this.#stopped) return;
    const present = new Set(endpoints);
    for (const [endpoint, session] of this.#sessions) {
      if (present.has(endpoint)) continue;
      session.stop();
      this.#sessions.delete(endpoint);
    }
    const spreadMs = spreadOf(changed ? present.size : present.size - this.#sessions.size);
    for (const endpoint of present) {
      let session = this.#sessions.get(endpoint);
      if (session === undefined) {
        session = new Session(endpoint, this.#options, this.state);
        this.#sessions.set(endpoint, session);
      }
      session.follow(policy, changed, spreadMs);
    }
  }

  /** What checks connect to. */
  *destinations(): Generator<Destination> {
    for (const { destination } of this.#sessions.values()) if (destination !== null) yield destination;
  }

  /** Asks no more, whatever comes. What is known of the endpoints stays. */
  stop(): void {
    this.#stopped = true;
    for (const session of this.#sessions.values()) session.stop();
    this.#sessions.clear();
  }

  /** Asks no more, and lets every endpoint be picked again. */
  dispose(): void {
    this.stop();
    this.state.dispose();
  }
}

/** So many are asked at once; more of them one after the other, two milliseconds apart on average. */
const AT_ONCE = 50;
const EACH_MS = 2;

function spreadOf(count: number): number {
  return count <= AT_ONCE ? 0 : count * EACH_MS;
}

/** The checks of one endpoint, one after the other. */
class Session {
  destination: Destination | null = null;
  readonly #endpoint: EndpointState;
  readonly #options: HealthChecksOptions;
  readonly #state: HealthState;
  #policy: HealthCheckPolicy | null = null;
  #reached: Destination | null = null;
  #timer: Timer | null = null;
  #giveUp: (() => void) | null = null;

  constructor(endpoint: EndpointState, options: HealthChecksOptions, state: HealthState) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#state = state;
  }

  /**
   * @param changed the policy says something else than before: what it says of waiting holds from now on
   * @param spreadMs in which the first check comes, by lot
   */
  follow(policy: HealthCheckPolicy, changed: boolean, spreadMs: number): void {
    this.#policy = policy;
    const { destination } = this.#endpoint;
    if (this.destination === null || changed || this.#reached !== destination) {
      this.#reached = destination;
      this.destination = checkDestination(destination, policy);
    }
    if (this.#timer !== null && !changed) return;
    if (this.#giveUp !== null) return;
    this.#timer?.cancel();
    // Not now: the policy that asks for it is not in force yet.
    this.#wait(spreadMs === 0 ? 0 : this.#options.random.next() * spreadMs);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#giveUp?.();
    this.#giveUp = null;
  }

  #wait(delayMs: number): void {
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = null;
      this.#check();
    });
  }

  #check(): void {
    const { clock, random, wire, service, used } = this.#options;
    const policy = this.#policy!;
    const destination = this.destination!;
    this.#giveUp = beginCheck({ wire, clock, policy, destination, service }, (result) => {
      this.#giveUp = null;
      const failed = result !== 'passed' && result !== 'unknown';
      this.#wait(nextCheckMs(this.#policy!, { failed, used: used() }, random));
      // Last, as it may tell others, who may end all this.
      this.#state.record(this.#endpoint, result);
    });
  }
}
