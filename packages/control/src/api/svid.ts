/** `POST /v1/svid`: a workload's certificate, for a join token or for the certificate that it has. */
import { MeshError, type SvidResponse } from 'heddle/ports';
import { parseRequest } from 'heddle/security';
import type { Authority } from '../issuer/authority.js';
import type { Tokens } from '../issuer/tokens.js';
import type { Log } from '../log.js';
import { ApiError } from './errors.js';
import { type ApiRequest, readJson, sendJson } from './request.js';
import type { Route } from './router.js';

export interface SvidServices {
  readonly authority: Authority;
  readonly tokens: Tokens;
  readonly log: Log;
}

const MAX_BYTES = 32 * 1024;

export function svidRoutes(services: SvidServices): Route[] {
  return [
    { method: 'POST', path: '/v1/svid', access: 'svid', handle: (request) => issue(services, request) },
  ];
}

async function issue({ authority, tokens, log }: SvidServices, request: ApiRequest): Promise<void> {
  const { principal } = request;
  if (principal.kind !== 'joining' && principal.kind !== 'workload') {
    throw new MeshError('no principal that can have an SVID', { code: 'HEDDLE_INTERNAL' });
  }
  const { csr } = await readJson(request, MAX_BYTES);
  // Before the token is touched: a request that nobody can sign must not use it up.
  const { publicKey } = parseRequest(bytesOf(csr));
  const by = principal.kind === 'joining' ? `token:${principal.token.id}` : `svid:${principal.serial}`;
  if (principal.kind === 'joining' && !(await tokens.consume(principal.token.id))) {
    throw new ApiError(401, 'unauthenticated', 'the token is used up');
  }
  const issued = await authority.issue(publicKey, principal.id, by);
  const fields = { spiffeId: issued.spiffeId, serial: issued.serial, notAfter: issued.notAfter, by };
  log({ level: 'info', event: 'svid.issued', fields });
  const { spiffeId, chain, roots, trustDomain } = issued;
  const answer: SvidResponse = { spiffeId, chain, roots, trustDomain };
  sendJson(request.response, answer);
}

function bytesOf(csr: unknown): Buffer {
  if (typeof csr === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(csr)) return Buffer.from(csr, 'base64');
  throw new ApiError(400, 'invalid', 'csr is not PKCS#10, DER, in base64');
}
