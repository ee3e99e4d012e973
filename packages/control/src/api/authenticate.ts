/** Who asks: a token or a certificate proves it. No proof makes an anonymous principal, a wrong proof an error. */
import type { TLSSocket } from 'node:tls';
import type { SpiffeId } from 'heddle/ports';
import type { Proof, Proven } from '../issuer/proofs/index.js';
import { notProven } from '../issuer/proofs/proof.js';
import { SYSTEM_NAMESPACE } from '../issuer/server-certificate.js';
import type { Tokens } from '../issuer/tokens.js';
import type { RawRequest } from './request.js';

export type Principal =
  /** May do everything but be a workload. */
  | { readonly kind: 'operator'; readonly name: string }
  | (Proven & { readonly kind: 'workload' })
  | (Proven & { readonly kind: 'joining' })
  /** Dev mode: whoever reaches the port. */
  | { readonly kind: 'anybody' }
  | { readonly kind: 'anonymous' };

export interface AuthenticateOptions {
  readonly tokens: Tokens;
  /** Asked in order; the first that knows what it is shown decides. */
  readonly proofs: readonly Proof[];
  readonly dev: boolean;
}

/** @throws ApiError 401 for a token or certificate that is not good */
export async function authenticate(raw: RawRequest, options: AuthenticateOptions): Promise<Principal> {
  const header = raw.headers.authorization;
  if (header === undefined && options.dev) return { kind: 'anybody' };
  const bearer = header === undefined ? undefined : /^bearer +(\S+)$/i.exec(header)?.[1];
  if (header !== undefined) {
    const token = bearer === undefined ? undefined : await options.tokens.verify(bearer);
    if (token?.kind === 'operator') return { kind: 'operator', name: `token:${token.id}` };
    if (bearer === undefined) throw notProven();
  }
  for (const proof of options.proofs) {
    const proven = await proof.prove({ bearer, socket: raw.socket as TLSSocket });
    if (proven !== undefined) return principalOf(proven);
  }
  if (bearer !== undefined) throw notProven();
  return { kind: 'anonymous' };
}

/** For logs and records. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'operator':
      return principal.name;
    case 'workload':
      return principal.id.toString();
    case 'joining':
      return principal.by;
    case 'anybody':
    case 'anonymous':
      return principal.kind;
  }
}

function principalOf(proven: Proven): Principal {
  const { kind, id } = proven;
  if (kind === 'joining') return { ...proven, kind };
  if (isOperator(id)) return { kind: 'operator', name: id.toString() };
  return { ...proven, kind };
}

function isOperator(id: SpiffeId): boolean {
  return id.namespace === SYSTEM_NAMESPACE && id.serviceAccount === 'operator';
}
