/** What everybody may read: the roots of trust, and whether the service is well. */
import type { BundleResponse } from 'heddle/ports';
import type { Authority } from '../issuer/authority.js';
import { ApiError } from './errors.js';
import { sendJson } from './request.js';
import type { Route } from './router.js';

/** @param isReady false while the service starts or goes away */
export function openRoutes(authority: Authority, isReady: () => boolean): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/bundle',
      access: 'open',
      handle: ({ response }) => sendJson(response, authority.bundle.current() satisfies BundleResponse),
    },
    {
      method: 'GET',
      path: '/healthz',
      access: 'open',
      handle: ({ response }) => sendJson(response, { status: 'ok' }),
    },
    {
      method: 'GET',
      path: '/readyz',
      access: 'open',
      handle({ response }) {
        if (!isReady()) throw new ApiError(503, 'unavailable', 'the service is not ready');
        sendJson(response, { status: 'ok' });
      },
    },
  ];
}
