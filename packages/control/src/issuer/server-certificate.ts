/** The service's own SVID: made in memory by its own authority, replaced at half its life, and when somebody else signs. */
import { createPublicKey } from 'node:crypto';
import { type Clock, SpiffeId, type Timer } from 'heddle/ports';
import { newKey } from 'heddle/security';
import { because, type Log } from '../log.js';
import type { Authority } from './authority.js';

/** Nobody else may have an identity in this namespace, but operators (see `api/authenticate.ts`). */
export const SYSTEM_NAMESPACE = 'heddle-system';

const LIFETIME_MS = 24 * 3_600_000;
const BACKDATE_MS = 5 * 60_000;
/** How often the wall clock is read: a timer stands still while a machine sleeps, and a certificate grows old all the same. */
const LOOK_MS = 60_000;

/** PEM. */
export interface ServerCertificate {
  /** Leaf, intermediates, and what older roots say for the present one: their pins are in tokens. */
  readonly cert: string;
  readonly key: string;
  /** Of clients' certificates. */
  readonly roots: readonly string[];
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
    cert: [leaf, ...authority.chain, ...authority.vouchers].join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    roots: authority.roots,
  };
}

export interface RotationOptions {
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Log;
  readonly install: (certificate: ServerCertificate) => void;
}

/** Installs a new certificate at half of each one's life, and whenever roots or intermediates change. @returns stops it */
export function rotateServerCertificate({ authority, clock, log, install }: RotationOptions): () => void {
  let timer: Timer;
  let stopped = false;
  let renewAt = clock.wallNow() + LIFETIME_MS / 2;
  let last = Promise.resolve();
  const rotate = () => {
    last = last
      .then(async () => {
        if (stopped) return;
        const certificate = await makeServerCertificate(authority, clock);
        if (stopped) return;
        install(certificate);
        renewAt = clock.wallNow() + LIFETIME_MS / 2;
      })
      .catch((error: unknown) =>
        log({ level: 'error', event: 'ca.failed', fields: { error: because(error) } }),
      );
    return last;
  };
  const schedule = () => {
    if (stopped) return;
    timer = clock.after(LOOK_MS, () => {
      if (clock.wallNow() < renewAt) schedule();
      else void rotate().then(schedule);
    });
  };
  let roots = authority.roots.join('');
  const unsubscribe = [
    authority.issuer.subscribe(() => void rotate()),
    authority.bundle.subscribe(() => {
      if (authority.roots.join('') === roots) return;
      roots = authority.roots.join('');
      void rotate();
    }),
  ];
  schedule();
  return () => {
    stopped = true;
    for (const stop of unsubscribe) stop();
    timer.cancel();
  };
}
