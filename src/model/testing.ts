/** Short ways to make calls, attempts, endpoints and outcomes in tests. */
import { emptyFields, type HeaderFields } from '../base/headers.js';
import { Attempt } from './attempt.js';
import { Call, type CallRequest } from './call.js';
import type { Endpoint } from './endpoint.js';
import { type Availability, EndpointState } from './endpoint-state.js';
import type { Cancelled, Failed, Rejected, Responded } from './outcome.js';
import { ResponseBody } from './response-body.js';

/** An endpoint as a cluster reaches it in plain text, `10.0.0.NUMBER:8080`. */
export function testEndpoint(
  number: number,
  changes: Partial<Endpoint> = {},
  addedAt = 0,
  availability?: Availability,
): EndpointState {
  const endpoint: Endpoint = {
    key: `10.0.0.${number}:8080`,
    address: `10.0.0.${number}`,
    port: 8080,
    labels: {},
    weight: 1,
    mtls: false,
    ...changes,
  };
  const connection = {
    maxConnections: Number.POSITIVE_INFINITY,
    connectTimeoutMs: 10_000,
    idleTimeoutMs: 3_600_000,
    maxRequestsPerConnection: 0,
  };
  const destination = { key: endpoint.key, cluster: 'test', endpoint, connection, tls: null };
  return new EndpointState(destination, addedAt, availability);
}

export function testCall(changes: Partial<CallRequest> = {}, startedAt = 0): Call {
  const request: CallRequest = {
    method: 'GET',
    scheme: 'http',
    authority: 'reviews',
    path: '/',
    headers: emptyFields(),
    body: null,
    ...changes,
  };
  return new Call(request, startedAt);
}

export function testAttempt(
  call: Call = testCall(),
  endpoint: EndpointState = testEndpoint(1),
  number = 1,
): Attempt {
  return new Attempt(call, number, endpoint, call.startedAt);
}

export function responded(status: number, headers: HeaderFields = emptyFields(), body = ''): Responded {
  return { kind: 'response', status, statusText: '', headers, body: ResponseBody.of(body) };
}

export function failed(reset: Failed['reset'], sent: Failed['sent'] = 'maybe'): Failed {
  return { kind: 'failed', reset, code: 'HEDDLE_CONNECTION_LOST', flag: 'UC', sent, because: reset };
}

export function rejected(code: Rejected['code'], because: string): Rejected {
  return { kind: 'rejected', code, flag: '-', status: 503, because };
}

export const cancelled: Cancelled = { kind: 'cancelled', cause: new Error('the caller gave up') };
