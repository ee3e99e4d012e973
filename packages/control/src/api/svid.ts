/** `POST /v1/svid`: a workload's certificate, for one of the proofs in `issuer/proofs`. */
import { MeshError, type SvidResponse } from 'heddle/ports';
import { parseRequest } from 'heddle/security';
import type { Authority } from '../issuer/authority.js';
import type { Attempts } from '../issuer/proofs/index.js';
import type { Log } from '../log.js';
import { ApiError } from './errors.js';
import { type ApiRequest, readJson, sendJson } from './request.js';
import type { Route } from './router.js';

export interface SvidServices {
  readonly authority: Authority;
  readonly attempts: Attempts;
  readonly log: Log;
}

const MAX_BYTES = 32 * 1024;

export function svidRoutes(services: SvidServices): Route[] {
  const { attempts } = services;
  const handle = (request: ApiRequest) => issue(services, request);
  return [{ method: 'POST', path: '/v1/svid', access: 'svid', attempts, handle }];
}

async function issue({ authority, log }: SvidServices, request: ApiRequest): Promise<void> {
  const { principal } = request;
  if (principal.kind !== 'joining' && principal.kind !== 'workload') {
    throw new MeshError('no principal that can have an SVID', { code: 'HEDDLE_INTERNAL' });
  }
  const { csr, ttlMs } = await readJson(request, MAX_BYTES);
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && (ttlMs as number) > 0))
    throw new ApiError(400, 'invalid', 'ttlMs is a whole number of milliseconds');
  // Before the proof is spent: a request that nobody can sign must not use it up.
  const { publicKey } = parseRequest(bytesOf(csr));
  const { id, by } = principal;
  if (!(await principal.spend())) throw new ApiError(401, 'unauthenticated', 'the token is used up');
  const issued = await authority.issue(publicKey, id, by, {
    ttlMs: ttlMs as number | undefined,
    address: request.raw.socket?.remoteAddress,
  });
  const fields = { spiffeId: issued.spiffeId, serial: issued.serial, notAfter: issued.notAfter, by };
  log({ level: 'info', event: 'svid.issued', fields });
  const { serial: _, notAfter: __, ...answer } = issued;
  sendJson(request.response, answer satisfies SvidResponse);
}

function bytesOf(csr: unknown): Buffer {
  if (typeof csr === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(csr)) return Buffer.from(csr, 'base64');
  throw new ApiError(400, 'invalid', 'csr is not PKCS#10, DER, in base64');
}
