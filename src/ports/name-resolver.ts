/** Finds the addresses of a name. */
export interface NameResolver {
  /** @throws whatever the look-up failed with; an answer without addresses is a failure, too */
  resolve(name: string): Promise<ResolvedName>;
}

export interface ResolvedName {
  /** At least one. */
  readonly addresses: readonly string[];
  /** For how long the answer is good, milliseconds; null if nobody says. */
  readonly ttlMs: number | null;
}
