/** `/v1/spiffe-bundle`: our bundle for foreign trust domains; `/v1/federation`: whose bundles we take, for operators. */
import type { Clock, Source, TrustBundle } from 'heddle/ports';
import type { Federation } from '../federation/federation.js';
import { ownBundle } from '../federation/own-bundle.js';
import { readRelation } from '../federation/relation.js';
import type { Log } from '../log.js';
import type { Store } from '../store/store.js';
import { nameOf } from './authenticate.js';
import { ApiError } from './errors.js';
import { type ApiRequest, readJson, send, sendJson } from './request.js';
import type { Route } from './router.js';

export interface BundleServices {
  readonly federation: Federation;
  readonly bundle: Source<TrustBundle>;
  /** Names of our own trust domain, former ones included. */
  readonly own: readonly string[];
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** A bundle of a foreign trust domain, and some. */
const MAX_BYTES = 1024 * 1024 + 4_096;

export function bundleRoutes(services: BundleServices): Route[] {
  const { federation, store, bundle } = services;
  return [
    {
      method: 'GET',
      path: '/v1/spiffe-bundle',
      access: 'open',
      async handle({ response }) {
        send(response, { body: await ownBundle(store, bundle) });
      },
    },
    {
      method: 'GET',
      path: '/v1/federation',
      access: 'operator',
      handle: ({ response }) => sendJson(response, { items: federation.list() }),
    },
    {
      method: 'PUT',
      path: '/v1/federation/:trustDomain',
      access: 'operator',
      handle: (request) => put(services, request),
    },
    {
      method: 'DELETE',
      path: '/v1/federation/:trustDomain',
      access: 'operator',
      handle: (request) => remove(services, request),
    },
  ];
}

async function put({ federation, own, clock, log }: BundleServices, request: ApiRequest): Promise<void> {
  const trustDomain = request.params.trustDomain!;
  const body = await readJson(request, MAX_BYTES);
  const relation = await federation.put(readRelation(trustDomain, body, { own, wallNow: clock.wallNow() }));
  const fields = { trustDomain, url: relation.endpoint?.url ?? '', author: nameOf(request.principal) };
  log({ level: 'info', event: 'federation.put', fields });
  sendJson(request.response, relation);
}

async function remove({ federation, log }: BundleServices, request: ApiRequest): Promise<void> {
  const trustDomain = request.params.trustDomain!;
  if (!(await federation.remove(trustDomain)))
    throw new ApiError(404, 'not_found', `${trustDomain} is not federated`);
  const fields = { trustDomain, author: nameOf(request.principal) };
  log({ level: 'info', event: 'federation.removed', fields });
  sendJson(request.response, { trustDomain });
}
