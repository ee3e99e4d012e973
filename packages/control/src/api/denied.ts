/** `/v1/ca/denied`: whose certificates are refused everywhere before they end. */
import type { Denials, DeniedEntry, DeniedKind } from '../issuer/deny-list.js';
import type { IssuedLog } from '../issuer/issued.js';
import type { Log } from '../log.js';
import { nameOf } from './authenticate.js';
import { ApiError } from './errors.js';
import { type ApiRequest, readJson, sendJson } from './request.js';
import type { Route } from './router.js';

export interface DeniedServices {
  readonly denials: Denials;
  readonly issued: IssuedLog;
  readonly log: Log;
}

export interface DeniedList {
  readonly items: readonly DeniedEntry[];
}

const MAX_BYTES = 8 * 1024;
const MAX_TTL_MS = 3_652 * 86_400_000;
const KINDS: readonly unknown[] = ['serial', 'id', 'key'] satisfies readonly DeniedKind[];

export function deniedRoutes(services: DeniedServices): Route[] {
  const { denials } = services;
  return [
    {
      method: 'GET',
      path: '/v1/ca/denied',
      access: 'operator',
      handle: ({ response }) => sendJson(response, { items: denials.entries } satisfies DeniedList),
    },
    {
      method: 'POST',
      path: '/v1/ca/denied',
      access: 'operator',
      handle: (request) => deny(services, request),
    },
    {
      method: 'POST',
      path: '/v1/ca/allowed',
      access: 'operator',
      handle: (request) => allow(services, request),
    },
  ];
}

/** Body: `{kind: 'serial' | 'id' | 'key', value, because?, ttlMs?}`. A certificate is denied until it ends, others for good. */
async function deny({ denials, issued, log }: DeniedServices, request: ApiRequest): Promise<void> {
  const { kind, value, because, ttlMs } = await read(request, ['kind', 'value', 'because', 'ttlMs']);
  if (because !== undefined && typeof because !== 'string') throw wrong('because is a text');
  const author = nameOf(request.principal);
  const now = request.clock.wallNow();
  let until = ttlMs === undefined ? null : now + ttl(ttlMs);
  if (kind === 'serial') until ??= (await issued.find(value.toLowerCase()))?.notAfter ?? null;
  await denials.deny([{ kind, value, because: because ?? '', author, until }]);
  log({ level: 'warn', event: 'ca.denied', fields: { kind, value, author } });
  sendJson(request.response, { kind, value, until });
}

/** Body: `{kind, value}`. */
async function allow({ denials, log }: DeniedServices, request: ApiRequest): Promise<void> {
  const { kind, value } = await read(request, ['kind', 'value']);
  if (!(await denials.allow(kind, value))) throw new ApiError(404, 'not_found', `${value} is not denied`);
  log({ level: 'warn', event: 'ca.allowed', fields: { kind, value, author: nameOf(request.principal) } });
  sendJson(request.response, { kind, value });
}

async function read(request: ApiRequest, known: readonly string[]) {
  const body = await readJson(request, MAX_BYTES);
  const unknown = Object.keys(body).find((key) => !known.includes(key));
  if (unknown !== undefined) throw wrong(`${unknown} is not known; there are ${known.join(', ')}`);
  const { kind, value } = body;
  if (!KINDS.includes(kind)) throw wrong('kind is serial, id or key');
  if (typeof value !== 'string' || value === '') throw wrong('value is a text');
  return { ...body, kind: kind as DeniedKind, value } as {
    readonly kind: DeniedKind;
    readonly value: string;
    readonly because?: unknown;
    readonly ttlMs?: unknown;
  };
}

function ttl(value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_TTL_MS)
    return value as number;
  throw wrong(`ttlMs is a whole number from 1 to ${MAX_TTL_MS}`);
}

function wrong(because: string): ApiError {
  return new ApiError(400, 'invalid', because);
}
