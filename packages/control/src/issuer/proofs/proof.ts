/** Proofs: how somebody who has no certificate yet, or has one, shows whose SVID it may have. */
import type { TLSSocket } from 'node:tls';
import type { SpiffeId } from 'heddle/ports';
import { ApiError } from '../../api/errors.js';

/** What a request brings to prove itself by. */
export interface Credentials {
  /** After `authorization: Bearer`; undefined without that header. A secret: never to be logged. */
  readonly bearer: string | undefined;
  readonly socket: TLSSocket;
}

/** Who somebody is, and for which reason we believe it. */
export interface Proven {
  readonly id: SpiffeId;
  /** For the record: `token:<id>`, `kubernetes:<namespace>/<pod>`, `svid:<serial>`. */
  readonly by: string;
  /** What this identity may do: ask for its first certificate, or, holding one, all that a workload may. */
  readonly kind: 'joining' | 'workload';
  /** End of the proof, milliseconds since the epoch. */
  readonly notAfter: number;
  /** Call it once, just before the certificate is made. false: the proof is used up. */
  spend(): Promise<boolean>;
}

/** One kind of proof. */
export interface Proof {
  /**
   * @returns undefined if `credentials` hold no proof of this kind
   * @throws ApiError 401 for one of this kind that is not good
   */
  prove(credentials: Credentials): Promise<Proven | undefined>;
}

/**
 * A proof that is not good. To whoever shows a wrong token one text says it all: that it was expired, revoked or never there is for
 * operators to know.
 */
export function notProven(because = 'the token is not valid (any more)'): ApiError {
  return new ApiError(401, 'unauthenticated', because);
}
