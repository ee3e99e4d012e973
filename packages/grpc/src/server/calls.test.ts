/** What a handler knows of its caller, and what becomes of calls that end before they are answered. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  Metadata,
  type ServerDuplexStream,
  ServerInterceptingCall,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { TestCa } from '@heddle/testkit';
import { isMeshError, type Mesh } from 'heddle';
import {
  ADMIT_ALL,
  answerOf,
  beginRaw,
  dial,
  dialAs,
  dialRaw,
  echo,
  failureOf,
  framed,
  type Line,
  linesOf,
  PRODUCTPAGE,
  REVIEWS,
  serve,
} from './fixtures.test.helper.js';

type Unary = ServerUnaryCall<Line, Line>;
type Answer = sendUnaryData<Line>;

test('handlers of all four kinds know who asks, wherever they ask for it', async (t) => {
  const ca = await TestCa.create();
  const peer = () => ({ text: mesh.context()?.peer ?? 'nobody' });
  const server = echo({
    One: async (_call: Unary, callback: Answer) => {
      await null;
      callback(null, peer());
    },
    Up: (call: ServerReadableStream<Line, Line>, callback: Answer) => {
      const seen = new Set([peer().text]);
      call.on('data', () => seen.add(peer().text));
      call.on('end', () => callback(null, { text: [...seen.add(peer().text)].join(' ') }));
    },
    Down: (call: ServerWritableStream<Line, Line>) => {
      call.write(peer());
      setImmediate(() => {
        call.write(peer());
        call.end();
      });
    },
    Both: (call: ServerDuplexStream<Line, Line>) => {
      call.on('data', () => call.write(peer()));
      call.on('end', () => {
        call.write(peer());
        call.end();
      });
    },
  } as never);
  const { port, mesh } = await serve(t, server, { join: { identity: await ca.identity(REVIEWS) } });
  const client = await dialAs(t, port, ca, PRODUCTPAGE);
  assert.equal((await client.one('')).text, PRODUCTPAGE);
  const up = client.up();
  for (const text of ['a', 'b']) up.call.write({ text });
  up.call.end();
  assert.equal((await up.answer).text, PRODUCTPAGE);
  assert.deepEqual(await linesOf(client.down('')), [PRODUCTPAGE, PRODUCTPAGE]);
  const both = client.both();
  both.write({ text: 'a' });
  both.end();
  assert.deepEqual(await linesOf(both), [PRODUCTPAGE, PRODUCTPAGE]);
});

test('what grpc-js tells of the peer is true behind the mesh: its address, and its certificate', async (t) => {
  const ca = await TestCa.create();
  const told: {
    peer: string;
    san: string | undefined;
    type: string | undefined;
    local: number | undefined;
  }[] = [];
  const server = echo(
    {},
    {
      interceptors: [
        (_method, call) => {
          const { transportSecurityType: type, sslPeerCertificate } = call.getAuthContext();
          const { localPort: local } = call.getConnectionInfo();
          told.push({ peer: call.getPeer(), san: sslPeerCertificate?.subjectaltname, type, local });
          return new ServerInterceptingCall(call);
        },
      ],
    },
  );
  const { port } = await serve(t, server, { join: { identity: await ca.identity(REVIEWS) } });
  await (await dialAs(t, port, ca, PRODUCTPAGE)).one('');
  await dial(t, port).one('');
  for (const { peer, local } of told) {
    assert.match(peer, /^(?:::ffff:)?127\.0\.0\.1:\d+$/);
    assert.equal(local, port);
  }
  assert.deepEqual(
    told.map(({ type, san }) => [type, san]),
    [
      ['ssl', `URI:${PRODUCTPAGE}`],
      [undefined, undefined],
    ],
  );
});

/** A server that never answers, which the mesh calls `slow.mesh`; its policy. */
async function slow(t: TestContext) {
  const seen: { gone: Promise<unknown>; headers: NodeJS.Dict<string | string[]> }[] = [];
  let arrived: () => void = () => {};
  const first = new Promise<void>((resolve) => (arrived = resolve));
  const server = createServer((request, response) => {
    seen.push({ gone: once(response, 'close'), headers: request.headers });
    arrived();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const policy = `${ADMIT_ALL}---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: slow, namespace: default }
spec:
  hosts: [slow.mesh]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${port} } }]
`;
  return { policy, seen, first };
}

/** A method that calls it and never answers, and what becomes of the call. */
function relay(meshOf: () => Mesh) {
  let settle: (code: string) => void = () => {};
  const ended = new Promise<string>((resolve) => (settle = resolve));
  const method = async () => {
    try {
      await meshOf().request('http://slow.mesh/');
      settle('answered');
    } catch (error) {
      settle(isMeshError(error) ? error.code : (error as Error).name);
    }
  };
  return { method, ended };
}

test('the deadline of a caller bounds calls made while serving, and grpc-js answers when it is over', async (t) => {
  const { policy, seen } = await slow(t);
  const { method, ended } = relay(() => mesh);
  const remaining: number[] = [];
  const server = echo({
    One: () => {
      remaining.push(mesh.context()!.remainingMs);
      return method();
    },
  } as never);
  const { port, mesh } = await serve(t, server, { policy });
  // One that waits for what it is told, where grpc-js would break off by itself.
  const stream = beginRaw(await dialRaw(t, port), { 'grpc-timeout': '2000m' });
  stream.end(framed(''));
  const { headers } = await answerOf(stream);
  assert.equal(headers['grpc-status'], String(status.DEADLINE_EXCEEDED));
  assert.equal(await ended, 'HEDDLE_DEADLINE_EXCEEDED');
  assert.ok(remaining[0]! > 0 && remaining[0]! <= 2_000, String(remaining));
  for (const one of seen) {
    await one.gone;
    assert.ok(Number(one.headers['x-heddle-deadline-ms']) <= 2_000);
  }
});

test('when the caller cancels, calls made while serving are cancelled', async (t) => {
  const { policy, seen, first } = await slow(t);
  const { method, ended } = relay(() => mesh);
  const server = echo({ Up: method } as never);
  const { port, mesh } = await serve(t, server, { policy });
  const { call, answer } = dial(t, port).up();
  call.write({ text: 'a' });
  await first;
  call.cancel();
  assert.equal((await failureOf(answer)).code, status.CANCELLED);
  assert.equal(await ended, 'AbortError');
  await seen[0]!.gone;
});

test('a stream that is cancelled half-way is told to its handler', async (t) => {
  let cancelled: () => void = () => {};
  const heard = new Promise<void>((resolve) => (cancelled = resolve));
  const server = echo({
    Down: (call: ServerWritableStream<Line, Line>) => {
      call.write({ text: 'first' });
      call.on('cancelled', cancelled);
    },
  } as never);
  const { port, mesh } = await serve(t, server);
  const stream = dial(t, port).down('');
  const failed = once(stream, 'error');
  await once(stream, 'data');
  stream.cancel();
  assert.equal(((await failed)[0] as { code: number }).code, status.CANCELLED);
  await heard;
  await mesh.close();
});

test('statuses, details and metadata of handlers get to callers as they are', async (t) => {
  const trailing = new Metadata();
  trailing.set('why', 'because');
  trailing.set('bytes-bin', Buffer.from([0, 1, 255]));
  const server = echo({
    One: (call: Unary, callback: Answer) => {
      const leading = new Metadata();
      leading.set('asked', call.metadata.get('ask').join());
      call.sendMetadata(leading);
      callback({
        code: status.NOT_FOUND,
        details: '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n',
        metadata: trailing,
      });
    },
    Both: (call: ServerDuplexStream<Line, Line>) => {
      call.write({ text: 'one' });
      call.emit('error', { code: status.DATA_LOSS, details: 'lost', metadata: trailing });
    },
  } as never);
  const { port } = await serve(t, server);
  const client = dial(t, port);
  const metadata = new Metadata();
  metadata.set('ask', 'me');
  const error = await failureOf(client.one('', metadata));
  assert.equal(error.code, status.NOT_FOUND);
  assert.equal(error.details, '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n');
  assert.deepEqual(error.metadata.get('why'), ['because']);
  assert.deepEqual(error.metadata.get('bytes-bin'), [Buffer.from([0, 1, 255])]);
  const both = client.both();
  const lost = await failureOf(linesOf(both));
  assert.equal(lost.code, status.DATA_LOSS);
  assert.deepEqual(lost.metadata.get('why'), ['because']);
});
