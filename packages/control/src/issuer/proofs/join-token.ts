/** Proof by a join token, which an operator made for one service account (`heddle token create`). */
import { parseToken, SpiffeId } from 'heddle/ports';
import type { Tokens } from '../tokens.js';
import { notProven, type Proof } from './proof.js';

export interface JoinTokenOptions {
  readonly tokens: Tokens;
  readonly trustDomain: string;
}

/** Tokens are compared by the hash of their secret, in constant time (see {@link Tokens.verify}). */
export function joinTokenProof({ tokens, trustDomain }: JoinTokenOptions): Proof {
  return {
    async prove({ bearer }) {
      if (bearer === undefined || parseToken(bearer) === undefined) return undefined;
      const token = await tokens.verify(bearer);
      if (token === undefined || token.kind !== 'join') throw notProven();
      const { namespace, serviceAccount } = token;
      if (namespace === null || serviceAccount === null) throw notProven('the token has no identity');
      return {
        kind: 'joining',
        id: SpiffeId.forServiceAccount(trustDomain, namespace, serviceAccount),
        by: `token:${token.id}`,
        notAfter: token.expiresAt ?? Number.POSITIVE_INFINITY,
        spend: () => tokens.consume(token.id),
      };
    },
  };
}
