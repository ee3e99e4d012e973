/** How a port closes under calls of gRPC. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { dial, echo, failureOf, type Line, linesOf, member, serve } from './fixtures.test.helper.js';
import { listen } from './listen.js';

test('streams under way finish when the mesh closes, callers are told to go, and the port takes nobody new', async (t) => {
  const { port, mesh } = await serve(t, echo());
  const client = dial(t, port);
  const stream = client.both();
  stream.write({ text: 'before' });
  const [first] = (await once(stream, 'data')) as [Line];
  assert.equal(first.text, 'before');
  const closed = mesh.close();
  stream.write({ text: 'meanwhile' });
  const [second] = (await once(stream, 'data')) as [Line];
  assert.equal(second.text, 'meanwhile');
  stream.write({ text: 'last' });
  stream.end();
  assert.deepEqual(await linesOf(stream), ['last']);
  await closed;
  const refused = await failureOf(dial(t, port).one('late'));
  assert.equal(refused.code, status.UNAVAILABLE);
});

test('what is left when the time to drain is over is broken off', async (t) => {
  let cancelled: () => void = () => {};
  const heard = new Promise<void>((resolve) => (cancelled = resolve));
  const server = echo({
    Down: (call: ServerWritableStream<Line, Line>) => {
      call.write({ text: 'first' });
      call.on('cancelled', cancelled);
    },
  } as never);
  const { mesh } = await member(t);
  const listening = await listen(mesh, server, 0, { address: '127.0.0.1' });
  const stream = dial(t, listening.port).down('');
  const failed = once(stream, 'error');
  await once(stream, 'data');
  await listening.close(0);
  await Promise.all([failed, heard]);
});

test('an application that shuts its server down closes the port, and streams under way finish', async (t) => {
  const server = echo();
  const { port, mesh } = await serve(t, server, { join: { service: 'reviews' } });
  const client = dial(t, port);
  const stream = client.both();
  stream.write({ text: 'before' });
  await once(stream, 'data');
  const down = new Promise<Error | undefined>((resolve) => server.tryShutdown(resolve));
  stream.write({ text: 'last' });
  stream.end();
  assert.deepEqual(await linesOf(stream), ['last']);
  assert.equal(await down, undefined);
  assert.deepEqual(mesh.status().listeners, []);
  const refused = await failureOf(dial(t, port).one('late'));
  assert.equal(refused.code, status.UNAVAILABLE);
});

test('an application that forces its server down breaks its streams off', async (t) => {
  let ended: () => void = () => {};
  const heard = new Promise<void>((resolve) => (ended = resolve));
  const server = echo({
    Both: (call: ServerDuplexStream<Line, Line>) => {
      call.on('cancelled', ended);
      call.on('data', (line: Line) => call.write(line));
    },
  } as never);
  const { port } = await serve(t, server);
  const stream = dial(t, port).both();
  const failed = once(stream, 'error');
  stream.write({ text: 'before' });
  await once(stream, 'data');
  server.forceShutdown();
  await Promise.all([failed, heard]);
});

test('connections live no longer than grpc-js is told to let them, and calls go on over new ones', async (t) => {
  const ports = new Set<string>();
  const server = echo(
    {
      One: (call: ServerUnaryCall<Line, Line>, callback: sendUnaryData<Line>) => {
        ports.add(call.getPeer());
        callback(null, call.request);
      },
    } as never,
    { 'grpc.max_connection_age_ms': 20, 'grpc.max_connection_age_grace_ms': 60_000 },
  );
  const { port } = await serve(t, server);
  const client = dial(t, port);
  while (ports.size < 3) assert.equal((await client.one('x')).text, 'x');
});
