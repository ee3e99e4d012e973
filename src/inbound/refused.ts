/**
 * Connections that were turned away before any exchange: each one counted, and written about in one line, but not in more
 * lines than a person can read, however many somebody sends.
 */
import type { Clock } from '../base/clock.js';
import type { Telemetry } from '../ports/telemetry.js';

export interface RefusedOptions {
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'event'>;
  readonly warn: (line: string) => void;
}

export interface RefusedConnection {
  /** From a closed list, or an error code of TLS. */
  readonly reason: string;
  /** The same for a person. */
  readonly because?: string | undefined;
  readonly port: number;
  readonly address: string;
}

/** For one reason, at most one line in this time. */
const QUIET_MS = 1_000;

export class Refused {
  readonly #options: RefusedOptions;
  readonly #byReason = new Map<string, { spokenAt: number; unspoken: number }>();

  constructor(options: RefusedOptions) {
    this.#options = options;
  }

  add(refused: RefusedConnection): void {
    const { reason, port, address, because } = refused;
    const { clock, telemetry, warn } = this.#options;
    telemetry.event('connection.refused', { reason, port });
    const now = clock.now();
    const known = this.#byReason.get(reason);
    if (known !== undefined && now - known.spokenAt < QUIET_MS) {
      known.unspoken += 1;
      return;
    }
    const more = known === undefined || known.unspoken === 0 ? '' : ` (and ${known.unspoken} before it)`;
    this.#byReason.set(reason, { spokenAt: now, unspoken: 0 });
    warn(
      `refused a connection from ${address} to port ${port}: ${reason}${because === undefined ? '' : `: ${because}`}${more}`,
    );
  }
}
