/**
 * One health check of one endpoint: over the very transport that calls take, so that certificates, server name and protocol are
 * theirs, but past all filters: a check is no call, takes no place in a limit, and no breaker, outlier detection or metric sees it.
 */
import type { Clock } from '../base/clock.js';
import { emptyFields } from '../base/headers.js';
import { Attempt } from '../model/attempt.js';
import { Call, type CallRequest } from '../model/call.js';
import type { Destination } from '../model/destination.js';
import { endpointKey } from '../model/endpoint.js';
import { EndpointState } from '../model/endpoint-state.js';
import type { Outcome, Responded } from '../model/outcome.js';
import type { Probe, Transport } from '../ports/transport.js';
import {
  type CheckResult,
  GRPC_HEALTH_LIMIT_BYTES,
  GRPC_HEALTH_PATH,
  grpcHealthRequest,
  resultOfGrpc,
  resultOfStatus,
} from '../traffic/health/index.js';
import type { HealthCheckPolicy } from '../traffic/health/policy.js';

/** What carries checks. */
export interface CheckWire {
  readonly transport: Transport;
  /** For checks that want a connection and nothing else. */
  readonly probe: Probe;
}

export interface Check {
  readonly wire: CheckWire;
  readonly clock: Clock;
  readonly policy: HealthCheckPolicy;
  /** Made by {@link checkDestination}. */
  readonly destination: Destination;
  /** What the endpoint is called by: the `Host` of the request. */
  readonly service: string;
}

/** Bytes of an answer that are read; what is longer is judged by its head. */
const MOST_READ_BYTES = 64 * 1024;

/** A connection of the checks' own: behind calls that are slow a check would wait, and find out about us instead of the endpoint. */
export function checkDestination(destination: Destination, policy: HealthCheckPolicy): Destination {
  const { endpoint, connection } = destination;
  const { port = endpoint.port } = policy;
  return {
    ...destination,
    key: `health check ${policy.kind} ${port} ${destination.key}`,
    endpoint:
      port === endpoint.port ? endpoint : { ...endpoint, port, key: endpointKey(endpoint.address, port) },
    // One check after the other: there is never a second connection, and none waits for those of calls.
    connection: {
      ...connection,
      maxConnections: Number.POSITIVE_INFINITY,
      ...(policy.kind === 'grpc' && { http2: true }),
    },
  };
}

/**
 * Begins a check.
 * @param done called once, never before this returns, unless the check is given up
 * @returns gives it up
 */
export function beginCheck(check: Check, done: (result: CheckResult) => void): () => void {
  let over = false;
  let stop: (() => void) | null = null;
  const end = (result: CheckResult) => {
    if (over) return;
    over = true;
    timer.cancel();
    done(result);
  };
  const giveUp = () => {
    over = true;
    timer.cancel();
    stop?.();
  };
  const timer = check.clock.after(check.policy.timeoutMs, () => {
    end('timeout');
    stop?.();
  });
  stop = check.policy.kind === 'tcp' ? connect(check, end) : ask(check, end);
  return giveUp;
}

function connect({ wire, destination }: Check, end: (result: CheckResult) => void): () => void {
  return wire.probe(destination, end);
}

function ask(check: Check, end: (result: CheckResult) => void): () => void {
  const { wire, clock, destination, service } = check;
  const now = clock.now();
  const call = new Call(requestOf(check), now);
  call.service = service;
  call.cluster = destination.cluster;
  const attempt = new Attempt(call, 1, new EndpointState(destination, now), now);
  void wire.transport.send(attempt).then((outcome) => {
    if (outcome.kind === 'response') read(check.policy, outcome, end);
    else end(resultWithoutResponse(outcome));
  });
  return () => attempt.cancel('cancelled');
}

function requestOf({ policy, destination, service }: Check): CallRequest {
  const headers = Object.assign(emptyFields(), { 'user-agent': 'Heddle-HealthCheck' });
  const to = { scheme: destination.tls === null ? 'http' : 'https', authority: service } as const;
  if (policy.kind === 'http')
    return {
      ...to,
      method: policy.method,
      path: policy.path,
      headers: Object.assign(headers, policy.headers),
      body: null,
    };
  Object.assign(headers, { 'content-type': 'application/grpc', te: 'trailers' });
  const body = grpcHealthRequest(policy.kind === 'grpc' ? policy.service : '');
  return { ...to, method: 'POST', path: GRPC_HEALTH_PATH, headers, body };
}

/** Our own troubles say nothing about the endpoint: for want of a certificate every one would be out at once. */
function resultWithoutResponse(outcome: Exclude<Outcome, Responded>): CheckResult {
  return outcome.kind === 'failed' && outcome.reset !== 'local-reset' ? 'unreachable' : 'unknown';
}

/** To the last byte, so that the connection serves the next check, too. */
function read(
  policy: HealthCheckPolicy,
  { status, headers, body }: Responded,
  end: (r: CheckResult) => void,
): void {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const judged = (): CheckResult => {
    if (policy.kind === 'http') return resultOfStatus(status, policy.expected);
    return resultOfGrpc({ status, headers, trailers: body.trailers, body: Buffer.concat(chunks) });
  };
  const limit = policy.kind === 'grpc' ? GRPC_HEALTH_LIMIT_BYTES : MOST_READ_BYTES;
  body.attach({
    onData(chunk) {
      bytes += chunk.byteLength;
      if (policy.kind === 'grpc') chunks.push(chunk);
      if (bytes > limit) {
        end(policy.kind === 'grpc' ? 'not-serving' : judged());
        body.drop(TOO_LONG);
      }
      return true;
    },
    onEnd: () => end(judged()),
    onError: () => end('unreachable'),
  });
}

const TOO_LONG = new Error('the answer to a health check is longer than anybody reads');
