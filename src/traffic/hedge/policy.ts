/**
 * Further attempts that do not wait for the first one to fail: whoever answers first wins, the others are given up.
 * @source gRPC A6 (hedging: maxAttempts, hedgingDelay); Dean and Barroso, "The Tail at Scale", 2013
 */
export interface HedgePolicy {
  /** Attempts at once at most, the first one included; 2 to 5. */
  readonly maxAttempts: number;
  /** How long to wait for a response's head before the next attempt begins, milliseconds. */
  readonly delayMs: number;
  /** In upper case. @default those that may be repeated (RFC 9110 §9.2.2) */
  readonly methods: readonly string[];
}

/** Carrying one of these out twice has the effect of once. @source RFC 9110 §9.2.2 */
export const IDEMPOTENT_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'];

export function hedgePolicyFrom(input: {
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly methods?: readonly string[] | undefined;
}): HedgePolicy {
  return {
    maxAttempts: input.maxAttempts,
    delayMs: input.delayMs,
    methods: input.methods ?? IDEMPOTENT_METHODS,
  };
}

/** For `explain`. */
export function describeHedging({ maxAttempts, delayMs, methods }: HedgePolicy): string {
  return `hedging: another attempt after each ${delayMs} ms without an answer, ${maxAttempts} at most, for ${methods.join(', ')}`;
}
