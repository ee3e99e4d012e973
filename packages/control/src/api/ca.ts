/** `/v1/ca`: the authority itself, for operators. */
import { X509Certificate } from 'node:crypto';
import { exportPkcs12, fingerprint } from 'heddle/security';
import type { Authority } from '../issuer/authority.js';
import type { Log } from '../log.js';
import { nameOf } from './authenticate.js';
import { ApiError } from './errors.js';
import { type ApiRequest, readJson, send, sendJson } from './request.js';
import type { Route } from './router.js';

export interface RootInfo {
  readonly certificate: string;
  /** SHA-256 of the DER, hex: the pin of join tokens. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Whoever has the file and guesses the passphrase can issue any identity. */
const MIN_PASSPHRASE = 8;

export function caRoutes(authority: Authority, log: Log): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/ca',
      access: 'operator',
      handle: ({ response }) =>
        sendJson(response, { trustDomain: authority.trustDomain, roots: authority.roots.map(rootInfo) }),
    },
    {
      method: 'POST',
      path: '/v1/ca/p12',
      access: 'operator',
      handle: (request) => exportAuthority(authority, log, request),
    },
  ];
}

/** Body: `{passphrase}`. Answer: the root's certificate and private key as PKCS#12, for a backup. */
async function exportAuthority(authority: Authority, log: Log, request: ApiRequest): Promise<void> {
  const { passphrase } = await readJson(request, 4_096);
  if (typeof passphrase !== 'string' || passphrase.length < MIN_PASSPHRASE) {
    throw new ApiError(400, 'invalid', `passphrase must have ${MIN_PASSPHRASE} characters or more`);
  }
  const { certificate, key } = authority.pair;
  const body = await exportPkcs12({ chain: [certificate], key }, passphrase);
  log({ level: 'warn', event: 'ca.exported', fields: { author: nameOf(request.principal) } });
  send(request.response, { type: 'application/x-pkcs12', body });
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
