/**
 * A tunnel through a forward proxy to which we are connected.
 * @source Istio DestinationRule `tunnel`; Envoy `tcp_proxy` tunneling_config; RFC 9110 §9.3.6
 */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { errors } from 'undici';
import type { Clock } from '../../base/clock.js';
import { endpointKey } from '../../model/endpoint.js';
import type { EffectiveTunnel } from '../../policy/effective.js';

/** Longest head of an answer. */
const MAX_HEAD_BYTES = 16 * 1024;

/** The proxy answered, and did not open the tunnel. */
export class TunnelRefused extends Error {
  override readonly name = 'TunnelRefused';
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export interface TunnelRequest {
  readonly clock: Clock;
  /** Until the proxy has answered. */
  readonly timeoutMs: number;
  readonly tunnel: EffectiveTunnel;
  /** To the proxy. Owned by the tunnel from now on. */
  readonly socket: Socket;
  readonly allowHalfOpen: boolean;
}

/**
 * Asks the proxy for the tunnel. `CONNECT`: after its answer the connection is the stream itself. `POST`: what we send is the request's
 * body, what we receive the response's, both in chunks.
 * @param opened called once, later
 * @returns gives it up; `opened` hears the error
 */
export function openTunnel(
  { clock, timeoutMs, tunnel, socket, allowHalfOpen }: TunnelRequest,
  opened: (error: Error | null, stream: Duplex | null) => void,
): (error: Error) => void {
  const { protocol, targetHost, targetPort } = tunnel;
  const target = endpointKey(targetHost, targetPort);
  const asked = request({
    createConnection: () => socket,
    method: protocol,
    path: protocol === 'CONNECT' ? target : '/',
    // Without `keep-alive` the connection would be closed with the response, even while we still send.
    headers: { host: target, connection: 'keep-alive' },
    maxHeaderSize: MAX_HEAD_BYTES,
  });
  let settled = false;
  const settle = (error: Error | null, stream: Duplex | null) => {
    if (settled) return;
    settled = true;
    timer.cancel();
    if (error !== null) asked.destroy();
    opened(error, stream);
  };
  const timer = clock.after(timeoutMs, () =>
    settle(new errors.ConnectTimeoutError(`the proxy did not answer in ${timeoutMs} ms`), null),
  );
  const refusal = (status: number) =>
    new TunnelRefused(`the proxy answered ${status} to ${protocol} ${target}`, status);
  asked.on('error', (error) => settle(error, null));
  asked.once('connect', ({ statusCode = 0 }, connection, head) => {
    if (!isSuccess(statusCode)) {
      connection.destroy();
      return settle(refusal(statusCode), null);
    }
    if (head.byteLength > 0) connection.unshift(head);
    settle(null, connection);
  });
  asked.once('response', (response) => {
    const { statusCode = 0 } = response;
    if (!isSuccess(statusCode)) return settle(refusal(statusCode), null);
    const stream = Duplex.from({ readable: response, writable: asked });
    stream.allowHalfOpen = allowHalfOpen;
    stream.once('close', () => socket.destroySoon());
    settle(null, stream);
  });
  asked.flushHeaders();
  return (error) => settle(error, null);
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
