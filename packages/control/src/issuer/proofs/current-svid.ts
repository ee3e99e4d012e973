/** Proof by the SVID that the connection was opened with: how a workload renews. */
import type { Clock, DenyList } from 'heddle/ports';
import { verifyPeer } from 'heddle/security';
import { notProven, type Proof } from './proof.js';

export interface CurrentSvidOptions {
  readonly trustDomain: string;
  readonly clock: Clock;
  /** Whose certificates are refused. */
  readonly denied: () => DenyList | undefined;
}

export function currentSvidProof({ trustDomain, clock, denied }: CurrentSvidOptions): Proof {
  return {
    async prove({ bearer, socket }) {
      // Whoever shows a token wants to be judged by it.
      const certificate = bearer === undefined ? socket.getPeerX509Certificate() : undefined;
      if (certificate === undefined) return undefined;
      // The chain was checked in the handshake; the connection may be older than the certificate lives.
      if (!socket.authorized) throw notProven(`the certificate is not trusted: ${socket.authorizationError}`);
      const notAfter = Date.parse(certificate.validTo);
      if (notAfter <= clock.wallNow()) throw notProven('the certificate has run out');
      const rules = { expected: 'any', trustDomains: [trustDomain], denied: denied() } as const;
      const verdict = verifyPeer(certificate, rules);
      if (verdict.kind === 'untrusted') throw notProven(verdict.because);
      const serial = certificate.serialNumber.toLowerCase();
      return { kind: 'workload', id: verdict.id, by: `svid:${serial}`, notAfter, spend: async () => true };
    },
  };
}
