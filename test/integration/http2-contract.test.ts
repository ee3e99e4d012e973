/** What every transport must do, over HTTP/2: in plain text, under TLS, and where the server chooses HTTP/1.1. */
import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';
import {
  type Backend,
  newDestination,
  TestCa,
  type TransportHarness,
  transportContract,
} from '@heddle/testkit';
import type { Transport } from 'heddle/ports';

/** The SDK's own, which it does not publish. */
async function newTransport(): Promise<Transport> {
  const from = (path: string) => import(new URL(`../../../dist/${path}`, import.meta.url).href);
  const { HttpTransport } = await from('adapters/transport.js');
  const { TlsContexts } = await from('security/tls/contexts.js');
  const { systemClock } = await from('base/clock.js');
  return new HttpTransport({ contexts: new TlsContexts(null), clock: systemClock }) as Transport;
}

async function answer(backend: Backend, request: Http2ServerRequest, response: Http2ServerResponse) {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { method, url, headers } = request;
  const answered = await backend({ method, path: url, headers, body });
  if (answered === 'drop') {
    request.stream?.session?.destroy();
    request.socket.destroy();
    return;
  }
  response.writeHead(answered.status, answered.headers ?? {});
  response.end(answered.body ?? '');
}

async function harness(backend: Backend, kind: 'plain' | 'h2' | 'http/1.1'): Promise<TransportHarness> {
  const listener = (request: Http2ServerRequest, response: Http2ServerResponse) =>
    void answer(backend, request, response).catch(() => {});
  const svid = await (await TestCa.create()).svid('spiffe://cluster.local/ns/default/sa/server');
  const secure = { key: svid.key.export({ type: 'pkcs8', format: 'pem' }), cert: svid.chain.join('\n') };
  const server =
    kind === 'plain'
      ? createServer(listener)
      : createSecureServer(
          kind === 'h2' ? secure : { ...secure, allowHTTP1: true, ALPNProtocols: ['http/1.1'] },
          listener,
        );
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const closed = createTcp().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port: nobody } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const tls =
    kind === 'plain'
      ? null
      : ({ mode: 'simple', sni: '', subjectAltNames: [], insecureSkipVerify: true } as const);
  const leadingTo = (port: number) => {
    const destination = newDestination({ address: '127.0.0.1', port, tls });
    return { ...destination, connection: { ...destination.connection, http2: true as const } };
  };
  return {
    transport: await newTransport(),
    destination: leadingTo((server.address() as AddressInfo).port),
    nowhere: leadingTo(nobody),
    async close() {
      const over = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await over;
    },
  };
}

for (const kind of ['plain', 'h2', 'http/1.1'] as const)
  transportContract(`HTTP/2, ${kind}`, (backend) => harness(backend, kind));
