import type { Tally } from './statistics.js';

/** What outlier detection remembers of one endpoint. */
export class EndpointRecord {
  /** 5xx in a row. */
  failures = 0;
  /** 502, 503 and 504 in a row. */
  gatewayErrors = 0;
  /** Failures without a response in a row, where they are counted apart. */
  localFailures = 0;
  /** Ejections so far, less those that faded. */
  multiplier = 0;
  ejectedAt = 0;
  returnedAt = 0;
  /** Attempts since the last sweep, and those of them that were no 5xx. */
  total = 0;
  succeeded = 0;
  /** The same, between the last two sweeps. Written by {@link turn} alone. */
  readonly tally = { total: 0, succeeded: 0 } satisfies Tally;

  /** A sweep begins: what was counted is the last interval's now. */
  turn(): void {
    this.tally.total = this.total;
    this.tally.succeeded = this.succeeded;
    this.total = 0;
    this.succeeded = 0;
  }

  /** So that few new errors do not eject it again. */
  beginAnew(): void {
    this.failures = 0;
    this.gatewayErrors = 0;
    this.localFailures = 0;
  }
}
