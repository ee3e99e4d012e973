/** `/v1/ca`: the authority itself, for operators. */
import { X509Certificate } from 'node:crypto';
import { fingerprint } from 'heddle/security';
import type { Authority } from '../issuer/authority.js';
import { sendJson } from './request.js';
import type { Route } from './router.js';

export interface RootInfo {
  readonly certificate: string;
  /** SHA-256 of the DER, hex: the pin of join tokens. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export function caRoutes(authority: Authority): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/ca',
      access: 'operator',
      handle: ({ response }) =>
        sendJson(response, { trustDomain: authority.trustDomain, roots: authority.roots.map(rootInfo) }),
    },
  ];
}

function rootInfo(certificate: string): RootInfo {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return {
    certificate,
    fingerprint: fingerprint(certificate),
    notBefore: Date.parse(validFrom),
    notAfter: Date.parse(validTo),
  };
}
