/** `POST /v1/stream`: the two-way stream of a workload, on one request. */
import type { ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { MAX_MESSAGE_BYTES } from 'heddle/ports';
import type { Hub } from '../distribute/hub.js';
import { Lines } from '../distribute/lines.js';
import type { StreamPeer, Wire } from '../distribute/stream.js';
import { ApiError } from './errors.js';
import type { ApiRequest } from './request.js';
import type { Route } from './router.js';

/** For the last words to reach a peer that does not end its side. */
const LINGER_MS = 1_000;

export function streamRoutes(hub: Hub): Route[] {
  return [{ method: 'POST', path: '/v1/stream', access: 'stream', handle: (request) => open(hub, request) }];
}

function open(hub: Hub, request: ApiRequest): void {
  const peer = peerOf(request);
  const why = hub.refusal(peer);
  if (why !== null) throw new ApiError(503, 'unavailable', why);
  const { raw, clock } = request;
  // Both kinds of response are writable streams that agree in all that is used here.
  const response = request.response as ServerResponse;
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  const wire: Wire = {
    write: (line) => response.destroyed || response.write(line),
    end() {
      response.end();
      clock.after(LINGER_MS, () => response.destroy());
    },
  };
  const stream = hub.open(wire, peer);
  const lines = new Lines(MAX_MESSAGE_BYTES);
  response.flushHeaders?.();
  response.on('drain', () => stream.drained());
  response.on('close', () => hub.closed(stream));
  raw.on('data', (chunk: Buffer) => {
    const read = lines.push(chunk);
    if (read === undefined) stream.goodbye(`a line is longer than ${MAX_MESSAGE_BYTES} bytes`, false);
    else for (const line of read) stream.receive(line);
  });
  raw.on('end', () => response.end());
}

function peerOf({ principal, raw }: ApiRequest): StreamPeer | null {
  if (principal.kind !== 'workload') return null;
  const { id, notAfter } = principal;
  if (id.namespace === undefined || id.serviceAccount === undefined) {
    throw new ApiError(403, 'forbidden', `${id} is not the identity of a service account`);
  }
  const certificate = (raw.socket as TLSSocket).getPeerX509Certificate()?.raw;
  const { namespace, serviceAccount } = id;
  const peer = { spiffeId: id.toString(), namespace, serviceAccount, notAfter };
  return certificate === undefined ? peer : { ...peer, certificate };
}
