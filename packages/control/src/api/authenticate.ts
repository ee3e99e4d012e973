/** Who asks: a token or a certificate proves it. No proof makes an anonymous principal, a wrong proof an error. */
import type { TLSSocket } from 'node:tls';
import { type Clock, SpiffeId } from 'heddle/ports';
import { verifyPeer } from 'heddle/security';
import { SYSTEM_NAMESPACE } from '../issuer/server-certificate.js';
import type { TokenInfo, Tokens } from '../issuer/tokens.js';
import { ApiError } from './errors.js';
import type { RawRequest } from './request.js';

export type Principal =
  /** May do everything but be a workload. */
  | { readonly kind: 'operator'; readonly name: string }
  | { readonly kind: 'workload'; readonly id: SpiffeId; readonly serial: string; readonly notAfter: number }
  | { readonly kind: 'joining'; readonly token: TokenInfo; readonly id: SpiffeId }
  /** Dev mode: whoever reaches the port. */
  | { readonly kind: 'anybody' }
  | { readonly kind: 'anonymous' };

export interface AuthenticateOptions {
  readonly tokens: Tokens;
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly dev: boolean;
}

/** @throws ApiError 401 for a token or certificate that is not good */
export async function authenticate(raw: RawRequest, options: AuthenticateOptions): Promise<Principal> {
  const header = raw.headers.authorization;
  if (header !== undefined) return byToken(header, options);
  if (options.dev) return { kind: 'anybody' };
  return byCertificate(raw.socket as TLSSocket, options);
}

/** For logs and records. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'operator':
      return principal.name;
    case 'workload':
      return principal.id.toString();
    case 'joining':
      return `token:${principal.token.id}`;
    case 'anybody':
    case 'anonymous':
      return principal.kind;
  }
}

async function byToken(header: string, options: AuthenticateOptions): Promise<Principal> {
  const text = /^bearer +(\S+)$/i.exec(header)?.[1];
  const token = text === undefined ? undefined : await options.tokens.verify(text);
  if (token === undefined) throw unauthenticated('the token is not valid (any more)');
  if (token.kind === 'operator') return { kind: 'operator', name: `token:${token.id}` };
  const { namespace, serviceAccount } = token;
  if (namespace === null || serviceAccount === null) throw unauthenticated('the token has no identity');
  const id = SpiffeId.forServiceAccount(options.trustDomain, namespace, serviceAccount);
  return { kind: 'joining', token, id };
}

function byCertificate(socket: TLSSocket, { trustDomain, clock }: AuthenticateOptions): Principal {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'anonymous' };
  // The chain was checked in the handshake; the connection may be older than the certificate lives.
  if (!socket.authorized)
    throw unauthenticated(`the certificate is not trusted: ${socket.authorizationError}`);
  const notAfter = Date.parse(certificate.validTo);
  if (notAfter <= clock.wallNow()) throw unauthenticated('the certificate has run out');
  const verdict = verifyPeer(certificate, { expected: 'any', trustDomains: [trustDomain] });
  if (verdict.kind === 'untrusted') throw unauthenticated(verdict.because);
  const { id } = verdict;
  if (id.namespace === SYSTEM_NAMESPACE && id.serviceAccount === 'operator') {
    return { kind: 'operator', name: id.toString() };
  }
  return { kind: 'workload', id, serial: certificate.serialNumber.toLowerCase(), notAfter };
}

function unauthenticated(because: string): ApiError {
  return new ApiError(401, 'unauthenticated', because);
}
