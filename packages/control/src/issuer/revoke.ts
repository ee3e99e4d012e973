/** A join token that got lost: nobody joins with it any more, and whoever did is cut off. */
import type { Clock } from 'heddle/ports';
import type { Denials } from './deny-list.js';
import type { IssuedLog } from './issued.js';
import type { Tokens } from './tokens.js';

export interface RevokeServices {
  readonly tokens: Tokens;
  readonly issued: IssuedLog;
  readonly denials: Denials;
  readonly clock: Clock;
}

export interface RevokeOptions {
  /** Refuse the certificates at once, instead of only not renewing them. */
  readonly now: boolean;
  readonly author: string;
}

/** What became of the certificates that the token led to. */
export interface Revoked {
  readonly id: string;
  /** Alive, and not renewed any more. */
  readonly certificates: number;
  /** When the last of them ends, milliseconds since the epoch; null: there is none. */
  readonly until: number | null;
}

/** The longest life of a certificate, and a day. */
const REMEMBERED_MS = 91 * 86_400_000;
const MAX_CERTIFICATES = 100_000;

/** @returns undefined: there is no such token */
export async function revokeToken(
  { tokens, issued, denials, clock }: RevokeServices,
  id: string,
  { now, author }: RevokeOptions,
): Promise<Revoked | undefined> {
  const info = await tokens.find(id);
  if (info === undefined) return undefined;
  const origin = `token:${id}`;
  const because = 'the token was revoked';
  const at = clock.wallNow();
  // Before the token goes: a process that dies in between must not leave renewals behind that nobody can stop.
  if (info.kind === 'join')
    await denials.deny([{ kind: 'origin', value: origin, because, author, until: at + REMEMBERED_MS }]);
  await tokens.revoke(id);
  const all = await issued.list({ origin, limit: MAX_CERTIFICATES });
  const alive = all.filter(({ notAfter }) => notAfter > clock.wallNow());
  if (now) {
    await denials.deny(
      alive.map(({ serial, notAfter }) => ({
        kind: 'serial',
        value: serial,
        because,
        author,
        until: notAfter,
      })),
    );
  }
  const until = alive.reduce((latest, { notAfter }) => Math.max(latest, notAfter), 0);
  return { id, certificates: alive.length, until: alive.length === 0 ? null : until };
}
