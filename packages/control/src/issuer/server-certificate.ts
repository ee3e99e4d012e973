/** The service's own SVID: made in memory by its own authority, replaced at half its life. */
import { createPublicKey } from 'node:crypto';
import { type Clock, SpiffeId, type Timer } from 'heddle/ports';
import { newKey } from 'heddle/security';
import type { Authority } from './authority.js';

/** Nobody else may have an identity in this namespace, but operators (see `api/authenticate.ts`). */
export const SYSTEM_NAMESPACE = 'heddle-system';

const LIFETIME_MS = 24 * 3_600_000;
const BACKDATE_MS = 60_000;
/** How often the wall clock is read: a timer stands still while a machine sleeps, and a certificate grows old all the same. */
const LOOK_MS = 60_000;

/** PEM. */
export interface ServerCertificate {
  /** Leaf, then the root, so that whoever knows only the root's hash can check all of it. */
  readonly cert: string;
  readonly key: string;
}

export async function makeServerCertificate(authority: Authority, clock: Clock): Promise<ServerCertificate> {
  const key = await newKey();
  const now = clock.wallNow();
  const leaf = authority.sign({
    publicKey: createPublicKey(key),
    spiffeId: SpiffeId.forServiceAccount(authority.trustDomain, SYSTEM_NAMESPACE, 'control'),
    notBefore: now - BACKDATE_MS,
    notAfter: now + LIFETIME_MS,
    dnsNames: ['localhost'],
  });
  return {
    cert: [leaf, ...authority.roots].join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

export interface RotationOptions {
  readonly authority: Authority;
  readonly clock: Clock;
  readonly install: (certificate: ServerCertificate) => void;
}

/** Installs a new certificate at half of each one's life. @returns stops it */
export function rotateServerCertificate({ authority, clock, install }: RotationOptions): () => void {
  let timer: Timer;
  let stopped = false;
  let renewAt = clock.wallNow() + LIFETIME_MS / 2;
  const rotate = async () => {
    const certificate = await makeServerCertificate(authority, clock);
    if (stopped) return;
    install(certificate);
    renewAt = clock.wallNow() + LIFETIME_MS / 2;
  };
  const schedule = () => {
    if (stopped) return;
    timer = clock.after(LOOK_MS, () => {
      if (clock.wallNow() < renewAt) schedule();
      else void rotate().then(schedule, schedule);
    });
  };
  schedule();
  return () => {
    stopped = true;
    timer.cancel();
  };
}
