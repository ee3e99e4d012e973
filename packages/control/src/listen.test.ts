import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { Agent, request } from 'node:https';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { FakeClock } from 'heddle/ports';
import { service } from './server.test.client.js';

test('a connection of HTTP/1.1 that asks nothing more is not kept for ever', async (context) => {
  const { control } = await service(context);
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  context.after(() => agent.destroy());
  const asked = request(`${control.url}/healthz`, { agent });
  asked.end();
  const [response] = await once(asked, 'response');
  assert.equal(response.headers['keep-alive'], 'timeout=5');
  response.resume();
  await once(response, 'end');
});

test('an answered request whose body never ends loses its connection', async (context) => {
  const clock = new FakeClock(Date.now(), performance.now());
  const { control } = await service(context, { clock });
  const socket = await rawSocket(context, control.port);
  socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nx');
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 /);
  clock.advance(5_000);
  await once(socket, 'close');
});

test('a refused request of HTTP/2 loses its stream, whether its body never ends or its answer is never read', async (context) => {
  const clock = new FakeClock(Date.now(), performance.now());
  const { control } = await service(context, { clock });
  const session = connectHttp2(control.url, {
    rejectUnauthorized: false,
    settings: { initialWindowSize: 0 },
  });
  context.after(() => session.destroy());
  for (const endStream of [false, true]) {
    const stream = session.request({ ':method': 'POST', ':path': '/v1/apply' }, { endStream });
    stream.on('error', () => {});
    stream.resume();
    const [head] = await once(stream, 'response');
    assert.equal(head[':status'], 401);
    clock.advance(5_000);
    await once(stream, 'close');
  }
});

async function rawSocket(context: TestContext, port: number) {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
  context.after(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}
