/**
 * Upgrades (WebSocket) behind the mesh: authorized like any other exchange, then the socket is the application's.
 */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Serving } from '../../inbound/connection.js';
import type { InboundPath } from '../../inbound/exchange.js';
import type { Refusal } from '../../model/exchange.js';
import { factsOf, faultOf, present } from './head.js';
import { connectionOf } from './serve.js';

/** Hands upgrades that arrive at `http` on to `target`, from when it has a listener for them: without one they are plain requests. */
export function passUpgrades(path: InboundPath, target: Server | SecureServer, http: Server): void {
  const attach = () => {
    if (http.listenerCount('upgrade') > 0) return;
    const pass = passUpgrade(path, (...given) => target.emit('upgrade', ...given));
    http.on('upgrade', pass);
  };
  if (target.listenerCount('upgrade') > 0) attach();
  else target.on('newListener', (name) => name === 'upgrade' && attach());
}

/** What an `upgrade` listener is given. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown;

/** `fn` behind the mesh, for upgrades. */
export function passUpgrade(path: InboundPath, fn: UpgradeListener): UpgradeListener {
  return (request, socket, head) => {
    const connection = connectionOf(path, request);
    const url = request.url ?? '';
    const exchange = path.begin(factsOf(request, url, connection, path.trustedHops), faultOf(request, url));
    path.exchanges.set(request, exchange);
    const serving: Serving = {
      gone() {
        path.end(exchange, { status: exchange.refusal?.status ?? 101, complete: exchange.waiting === null });
        connection.end(serving);
      },
      // There is no telling an upgraded protocol; it lasts until the time to drain is over.
      beLast() {},
    };
    connection.begin(serving);
    // Node has let go of the socket: without a listener a broken connection would end the process.
    socket.on('error', () => {});
    const pass = () => {
      const { refusal } = exchange;
      if (refusal !== null) {
        socket.write(rawResponse(refusal));
        connection.stream.destroySoon();
        return;
      }
      exchange.hold?.upgraded();
      present(request, exchange);
      path.run(exchange, () => fn(request, socket, head));
    };
    if (exchange.waiting === null) pass();
    else void exchange.waiting.then(() => exchange.ended || pass());
  };
}

function rawResponse(refusal: Refusal): string {
  return [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    `content-length: ${Buffer.byteLength(refusal.body)}`,
    ...Object.entries({ 'content-type': 'text/plain', ...refusal.headers }).flatMap(([name, value]) =>
      [value].flat().map((one) => `${name}: ${one}`),
    ),
    'connection: close',
    '',
    refusal.body,
  ].join('\r\n');
}
