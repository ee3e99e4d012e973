/**
 * Which part of a long list of endpoints a process works with, and how large it is. Pure.
 * @source Finagle, "Aperture load balancers" (load band from 0.5 to 2); Thaler and Ravishankar, "Using name-based mappings to increase
 * hit rates", 1998, for the order
 */
import { hashText } from './hash.js';

/** Attempts in flight for each endpoint of the part: from here on it is widened, at once. */
const HIGH_LOAD = 2;
/** Up to here it may be narrowed. */
const LOW_LOAD = 0.5;
/** What it is widened to have. */
const TARGET_LOAD = 1;
/** How long the load has to be low before each step. */
const STEP_MS = 10_000;
/** What is left of the endpoints beyond the minimum after a step. */
const KEPT = 7 / 8;
/** Two numbers share one double: 32 bits of hash, 20 of index. */
const INDEXES = 2 ** 20;

/**
 * Each client's own order of the endpoints (rendezvous hashing): all begin with others, and a list with an endpoint more or less has the
 * same order but for that one.
 * @param client a name that no other process has
 * @returns indexes of `keys`
 */
export function rendezvousOrder(client: string, keys: readonly string[]): number[] {
  const seed = hashText(client);
  const ranks = Float64Array.from(keys, (key, index) => hashText(key, seed) * INDEXES + index).sort();
  return Array.from(ranks, (rank) => rank % INDEXES);
}

export interface WidthFacts {
  /** Endpoints that are worked with now. */
  readonly width: number;
  /** Never fewer. */
  readonly minimum: number;
  /** All there are. */
  readonly endpoints: number;
  /** Attempts under way on the endpoints that are worked with. */
  readonly inFlight: number;
  /** For how long the load was low, milliseconds. */
  readonly quietMs: number;
}

export interface WidthVerdict {
  readonly width: number;
  readonly because: 'load is high' | 'load is low' | 'load is low now' | 'load fits';
}

/**
 * How many endpoints to work with. Wider at once, so that no endpoint waits for another sweep with work piling up; narrower by steps,
 * so that a pause does not close connections that are needed again.
 * @example decideWidth({ width: 50, minimum: 50, endpoints: 1_000, inFlight: 100, quietMs: 0 }).width; // => 100
 */
export function decideWidth({ width, minimum, endpoints, inFlight, quietMs }: WidthFacts): WidthVerdict {
  const least = Math.min(minimum, endpoints);
  const now = Math.max(least, Math.min(width, endpoints));
  if (inFlight >= HIGH_LOAD * now)
    return {
      width: Math.min(endpoints, Math.max(now, Math.ceil(inFlight / TARGET_LOAD))),
      because: 'load is high',
    };
  if (inFlight > LOW_LOAD * now || now === least) return { width: now, because: 'load fits' };
  const steps = Math.floor(quietMs / STEP_MS);
  if (steps === 0) return { width: now, because: 'load is low now' };
  return { width: Math.floor(least + (now - least) * KEPT ** steps), because: 'load is low' };
}
