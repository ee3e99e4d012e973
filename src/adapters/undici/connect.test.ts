import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer, isIPv6, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FakeClock } from '../../base/testing.js';
import { cluster } from '../../outbound/fixtures.test.helper.js';
import { proxyHeader } from '../connection/proxy-protocol.js';
import { over, serve } from '../outbound.test.helper.js';

test('the PROXY header of version 1 and 2 names both ends', () => {
  const socket = {
    localAddress: '10.0.0.1',
    localPort: 40_000,
    remoteAddress: '10.0.0.2',
    remotePort: 8080,
  } as Socket;
  assert.equal(proxyHeader('V1', socket).toString(), 'PROXY TCP4 10.0.0.1 10.0.0.2 40000 8080\r\n');
  assert.equal(
    proxyHeader('V2', socket).toString('hex'),
    '0d0a0d0a000d0a515549540a' + '2111000c' + '0a0000010a000002' + '9c401f90',
  );
});

test('the PROXY header of version 2 has addresses of IPv6 in full', () => {
  assert.ok(isIPv6('::ffff:10.0.0.1'));
  const socket = {
    localAddress: '::1',
    localPort: 1,
    remoteAddress: '::ffff:10.0.0.1',
    remotePort: 2,
  } as Socket;
  assert.equal(
    proxyHeader('V2', socket).toString('hex').slice(24),
    '21210024' + '00000000000000000000000000000001' + '00000000000000000000ffff0a000001' + '00010002',
  );
});

test('a connection without addresses says so', () => {
  assert.equal(proxyHeader('V1', {} as Socket).toString(), 'PROXY UNKNOWN\r\n');
  assert.equal(
    proxyHeader('V2', {} as Socket)
      .toString('hex')
      .slice(24),
    '20000000',
  );
});

/** The first bytes of the first connection; answers once a request's end is there. */
async function firstBytes(t: TestContext): Promise<{ port: number; bytes: Promise<string> }> {
  const server = createServer();
  const bytes = once(server, 'connection').then(async ([socket]: Socket[]) => {
    let text = '';
    for await (const chunk of socket!) {
      text += chunk;
      if (text.includes('\r\n\r\n')) break;
    }
    return text;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as { port: number }).port, bytes };
}

test('a cluster with a PROXY protocol sends its header before anything else', async (t) => {
  const { port, bytes } = await firstBytes(t);
  const { fetch } = over(t, [port], { clusters: [cluster({ proxyProtocol: 'V1' })] });
  const call = fetch('http://reviews/').catch(() => null);
  assert.match(
    await bytes,
    new RegExp(`^PROXY TCP4 127\\.0\\.0\\.1 127\\.0\\.0\\.1 \\d+ ${port}\\r\\nGET / HTTP/1\\.1\\r\\n`),
  );
  await call;
});

test('a Unix socket takes calls as any other endpoint', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-unix-'));
  const path = join(directory, 's');
  const server = createHttp((_request, response) => response.end('from the socket'));
  server.listen(path);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  const { fetch } = over(t, [], {
    endpoints: [{ key: path, address: `unix://${path}`, port: 0, labels: {}, weight: 1, mtls: false }],
  });
  assert.equal(await (await fetch('http://reviews/')).text(), 'from the socket');
});

test('connections are not used beyond their longest duration', async (t) => {
  const clock = new FakeClock();
  const server = await serve(t, (_request, response) => response.end('ok'));
  const { fetch } = over(
    t,
    [server.port],
    {
      clusters: [
        cluster({
          connection: { ...cluster().connection, maxConnections: 1, maxConnectionDurationMs: 1_000 },
        }),
      ],
    },
    clock,
  );
  const get = async () => (await fetch('http://reviews/')).text();
  await get();
  await get();
  assert.equal(server.accepted(), 1);
  clock.advance(1_000);
  await get();
  assert.equal(server.accepted(), 2);
});
