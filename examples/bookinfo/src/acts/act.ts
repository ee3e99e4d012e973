import type { Load, Visit } from '../demo/load.js';
import type { Screen } from '../demo/screen.js';
import type { Town } from '../demo/town.js';

/** What an act has at hand. */
export interface Stage {
  readonly town: Town;
  readonly screen: Screen;
  /** Ratings is asked by gRPC. */
  readonly grpc: boolean;
  /** Longest time that a change may take to be in effect, milliseconds. */
  readonly patienceMs: number;
  /** Steady traffic, shown live until it is stopped. */
  load(perSecond: number): Load;
}

export interface Act {
  readonly title: string;
  play(stage: Stage): Promise<void>;
}

/** Of failures, the first; for the line behind a check. */
export function firstFailure(visits: readonly Visit[]): string {
  const failed = visits.filter(({ error }) => error !== null);
  return failed.length === 0
    ? `${visits.length} requests`
    : `${failed.length} of ${visits.length} failed: ${failed[0]!.error}`;
}
