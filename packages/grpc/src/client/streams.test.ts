import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { ask, clientOf, type EchoClientOf, member, policyTo, serve } from './client.test.helper.js';

type Download = ServerWritableStream<Buffer, Buffer>;
type Upload = ServerReadableStream<Buffer, Buffer>;
type Chat = ServerDuplexStream<Buffer, Buffer>;

const handlers = {
  unary({ request }: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
    done(null, request);
  },
  /** As many messages as asked for, each a number. */
  download(call: Download) {
    const count = Number(call.request.toString());
    for (let at = 0; at < count; at += 1) call.write(Buffer.from(String(at)));
    call.end();
  },
  /** All of it, joined. */
  upload(call: Upload, done: sendUnaryData<Buffer>) {
    const parts: string[] = [];
    call.on('data', (part: Buffer) => parts.push(part.toString()));
    call.on('end', () => done(null, Buffer.from(parts.join(','))));
  },
  /** Each message back, until one says enough. */
  chat(call: Chat) {
    call.on('data', (message: Buffer) => {
      if (message.toString() === 'enough') call.end();
      else call.write(message);
    });
    call.on('end', () => call.end());
  },
};

test('a server streams: every message arrives, in order, and then the end', async (t) => {
  const port = await serve(t, handlers);
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const client = clientOf(t, mesh);
  for (const count of [0, 1, 1_000]) {
    const call = client.download!(Buffer.from(String(count))) as ClientReadableStream<Buffer>;
    const ended = once(call, 'status');
    let at = 0;
    for await (const message of call) {
      assert.equal(message.toString(), String(at));
      at += 1;
    }
    assert.equal(at, count);
    assert.equal((await ended)[0].code, status.OK);
  }
});

test('a client streams: every message arrives, and one answer comes back', async (t) => {
  const port = await serve(t, handlers);
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const client = clientOf(t, mesh);
  for (const count of [0, 1, 3, 500]) {
    const words = Array.from({ length: count }, (_, at) => `word-${at}`);
    const answer = await new Promise<string>((resolve, reject) => {
      const call = client.upload!((error: ServiceError | null, whole: Buffer) =>
        error === null ? resolve(whole.toString()) : reject(error),
      ) as ClientWritableStream<Buffer>;
      for (const word of words) call.write(Buffer.from(word));
      call.end();
    });
    assert.equal(answer, words.join(','));
  }
});

test('both stream: an answer arrives while the request goes on, and its end may come first', async (t) => {
  const port = await serve(t, handlers);
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const call = clientOf(t, mesh).chat!() as ClientDuplexStream<Buffer, Buffer>;
  for (const word of ['one', 'two', 'three']) {
    call.write(Buffer.from(word));
    const [answer] = await once(call, 'data');
    assert.equal(answer.toString(), word);
  }
  const ended = once(call, 'status');
  call.write(Buffer.from('enough'));
  assert.equal((await ended)[0].code, status.OK);
  await new Promise<void>((resolve) => call.write(Buffer.from('late'), () => resolve()));
  call.end();
});

test('the head comes before the first message is written', async (t) => {
  const port = await serve(t, {
    chat(call: Chat) {
      const metadata = new Metadata();
      metadata.set('x-early', 'yes');
      call.sendMetadata(metadata);
      call.on('data', () => call.end());
    },
  });
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const call = clientOf(t, mesh).chat!() as ClientDuplexStream<Buffer, Buffer>;
  call.resume();
  const [metadata] = await once(call, 'metadata');
  assert.deepEqual(metadata.get('x-early'), ['yes']);
  const ended = once(call, 'status');
  call.write(Buffer.from('x'));
  await ended;
});

/** Until `count` stays what it is, while other calls go round on the same connection. */
async function stalled(client: EchoClientOf, count: () => number): Promise<void> {
  let before = -1;
  while (count() === 0 || before !== count()) {
    before = count();
    for (let at = 0; at < 30; at += 1) assert.equal((await ask(client, 'x')).error, null);
  }
}

test('a reader that does not read stops the server, and gets everything once it does', async (t) => {
  const message = Buffer.alloc(16 * 1024, 1);
  const count = 1_000;
  let written = 0;
  const port = await serve(t, {
    ...handlers,
    download(call: Download) {
      const more = () => {
        while (written < count) {
          written += 1;
          if (!call.write(message)) {
            call.once('drain', more);
            return;
          }
        }
        call.end();
      };
      more();
    },
  });
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const client = clientOf(t, mesh);
  const call = client.download!(Buffer.from('x')) as ClientReadableStream<Buffer>;
  await once(call, 'metadata');
  await stalled(client, () => written);
  assert.ok(written < count / 2, `the server has written ${written} of ${count} messages that nobody reads`);
  let bytes = 0;
  for await (const one of call) bytes += one.length;
  assert.equal(bytes, message.length * count);
});

test('a server that does not read stops the client: writes wait for it', async (t) => {
  let resume = () => {};
  const port = await serve(t, {
    ...handlers,
    upload(call: Upload, done: sendUnaryData<Buffer>) {
      let received = 0;
      resume = () => {
        call.on('data', (part: Buffer) => (received += part.length));
        call.on('end', () => done(null, Buffer.from(String(received))));
      };
    },
  });
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const client = clientOf(t, mesh);
  const message = Buffer.alloc(8 * 1024);
  const count = 1_000;
  let taken = 0;
  const answer = new Promise<string>((resolve, reject) => {
    const call = client.upload!((error: ServiceError | null, whole: Buffer) =>
      error === null ? resolve(whole.toString()) : reject(error),
    ) as ClientWritableStream<Buffer>;
    for (let at = 0; at < count; at += 1) call.write(message, () => (taken += 1));
    call.end();
  });
  await stalled(client, () => taken);
  assert.ok(taken < count / 2, `${taken} of ${count} messages were taken though nobody reads them`);
  resume();
  assert.equal(await answer, String(message.length * count));
});

test('what the application is told runs in the context in which it called', async (t) => {
  const port = await serve(t, handlers);
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const client = clientOf(t, mesh);
  const storage = new AsyncLocalStorage<number>();
  const seen = await Promise.all(
    [1, 2, 3].map((number) =>
      storage.run(number, async () => {
        const call = client.download!(Buffer.from('2')) as ClientReadableStream<Buffer>;
        const stores: unknown[] = [];
        call.on('metadata', () => stores.push(storage.getStore()));
        call.on('data', () => stores.push(storage.getStore()));
        await new Promise<void>((resolve) =>
          call.on('status', () => {
            stores.push(storage.getStore());
            resolve();
          }),
        );
        return stores;
      }),
    ),
  );
  assert.deepEqual(
    seen,
    [1, 2, 3].map((number) => [number, number, number, number]),
  );
});
