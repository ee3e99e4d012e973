/** `/v1/tokens`: join and operator tokens. A token is shown once, when it is made. */

import { type RevokeServices, revokeToken } from '../issuer/revoke.js';
import { SYSTEM_NAMESPACE } from '../issuer/server-certificate.js';
import type { TokenGrant, Tokens } from '../issuer/tokens.js';
import type { Log } from '../log.js';
import { isLabel, isSubdomain } from '../names.js';
import { nameOf } from './authenticate.js';
import { ApiError } from './errors.js';
import { type ApiRequest, readJson, sendJson } from './request.js';
import type { Route } from './router.js';

const MAX_BYTES = 16 * 1024;
/** A day: long enough for a deployment, short enough to forget about. */
const DEFAULT_TTL_MS = 86_400_000;
const MAX_TTL_MS = 366 * 86_400_000;

export interface TokenServices extends RevokeServices {
  readonly log: Log;
}

export function tokenRoutes(services: TokenServices): Route[] {
  const { tokens, log } = services;
  return [
    {
      method: 'POST',
      path: '/v1/tokens',
      access: 'operator',
      handle: (request) => create(tokens, log, request),
    },
    {
      method: 'GET',
      path: '/v1/tokens',
      access: 'operator',
      handle: async ({ response }) => sendJson(response, { items: await tokens.list() }),
    },
    {
      method: 'DELETE',
      path: '/v1/tokens/:id',
      access: 'operator',
      handle: (request) => revoke(services, request),
    },
  ];
}

/** Body: `{kind?, namespace, serviceAccount, ttlMs?, uses?, name?}`. Answer: `{token, info}`. */
async function create(tokens: Tokens, log: Log, request: ApiRequest): Promise<void> {
  const grant = grantOf(await readJson(request, MAX_BYTES));
  const author = nameOf(request.principal);
  const created = await tokens.create(grant, author);
  const { id, namespace, serviceAccount } = created.info;
  log({
    level: 'info',
    event: 'token.created',
    fields: { id, kind: grant.kind, namespace, serviceAccount, author },
  });
  sendJson(request.response, created, { status: 201 });
}

/** `?certificates=deny`: those that were issued for it are refused at once, instead of only not renewed. */
async function revoke(services: TokenServices, request: ApiRequest): Promise<void> {
  const id = request.params.id!;
  const certificates = request.url.searchParams.get('certificates');
  if (certificates !== null && certificates !== 'deny') throw wrong('certificates is deny, or not given');
  const author = nameOf(request.principal);
  const revoked = await revokeToken(services, id, { now: certificates === 'deny', author });
  if (revoked === undefined) throw new ApiError(404, 'not_found', `there is no token ${id}`);
  services.log({ level: 'info', event: 'token.revoked', fields: { id, author } });
  sendJson(request.response, revoked);
}

function grantOf(body: Readonly<Record<string, unknown>>): TokenGrant {
  const known = ['kind', 'namespace', 'serviceAccount', 'ttlMs', 'uses', 'name'];
  const unknown = Object.keys(body).find((key) => !known.includes(key));
  if (unknown !== undefined) throw wrong(`${unknown} is not known; there are ${known.join(', ')}`);
  const { kind = 'join', namespace, serviceAccount, name } = body;
  const common = {
    ttlMs: whole(body.ttlMs ?? DEFAULT_TTL_MS, 'ttlMs', MAX_TTL_MS),
    uses: body.uses === undefined || body.uses === null ? null : whole(body.uses, 'uses', 1_000_000),
    ...(typeof name === 'string' ? { name: name.slice(0, 200) } : {}),
  };
  if (kind === 'operator') return { kind, ...common };
  if (kind !== 'join') throw wrong('kind is join or operator');
  if (!isLabel(namespace)) throw wrong('namespace is a DNS label, such as default');
  if (!isSubdomain(serviceAccount)) throw wrong('serviceAccount is a DNS name, such as reviews');
  if (namespace === SYSTEM_NAMESPACE && serviceAccount !== 'operator') {
    throw wrong(`${SYSTEM_NAMESPACE} is reserved; nobody else may be ${serviceAccount} there`);
  }
  return { kind, namespace, serviceAccount, ...common };
}

function whole(value: unknown, what: string, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw wrong(`${what} is a whole number from 1 to ${max}`);
}

function wrong(because: string): ApiError {
  return new ApiError(400, 'invalid', because);
}
