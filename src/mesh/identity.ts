/** What a mesh tells of its own identity, and of a renewal that is late. */
import type { IdentitySource, IdentityStatus, OverdueStage } from '../ports/identity.js';

/** Our SVID, and how its renewal stands. */
export interface MeshIdentity {
  readonly spiffeId: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** When the next one is asked for, or was to be; null where it is renewed by others. ISO 8601. */
  readonly renewsAt: string | null;
  /** Why there is no new one yet, from half of its life on; null while all is well. */
  readonly overdue: {
    readonly stage: OverdueStage;
    readonly failures: number;
    readonly because: string;
  } | null;
  /** Whether it was read from the state folder, and none has been issued since. */
  readonly fromState: boolean;
}

/** null while there is none. */
export function identityOf(source: IdentitySource | null): MeshIdentity | null {
  if (source === null) return null;
  try {
    const { id, notAfter } = source.svid.current();
    const status = source.status?.() ?? null;
    const overdue = status?.overdue ?? null;
    return {
      spiffeId: id.toString(),
      expiresAt: new Date(notAfter).toISOString(),
      renewsAt: status && new Date(status.renewAt).toISOString(),
      overdue: status && overdue && { stage: overdue, failures: status.failures, because: becauseOf(status) },
      fromState: status?.fromState ?? false,
    };
  } catch {
    return null; // not issued yet
  }
}

/** Attributes of the event `certificate.overdue`. */
export function overdueFacts(stage: OverdueStage, status: IdentityStatus): Record<string, string | number> {
  const { failures, notAfter } = status;
  return { stage, failures, expiresAt: notAfter, because: becauseOf(status) };
}

function becauseOf({ lastFailure }: IdentityStatus): string {
  return lastFailure instanceof Error ? lastFailure.message : String(lastFailure);
}
