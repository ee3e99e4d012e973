/** Streams that press: uploads to who does not read, answers before the question is over, hundreds at once, large metadata; mesh to mesh. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  Client,
  credentials,
  Metadata,
  Server,
  type ServerDuplexStream,
  type ServerReadableStream,
  type StatusObject,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { clientOptions, listen } from '@heddle/grpc';
import { TestCa } from '@heddle/testkit';
import {
  definitionOf,
  type InputRequest,
  type InputResponse,
  type OutputRequest,
  type OutputResponse,
  TEST_SERVICE,
} from './interop/definitions.js';
import { interopService } from './interop/server.js';
import { CLIENT, entry, identityDir, MUTUAL, member, SERVER, STRICT } from './scene.js';

const LIMIT = { timeout: 120_000 };
const SIZE = 262_144;

async function scene(t: TestContext, methods: UntypedServiceImplementation): Promise<Client> {
  const ca = await TestCa.create();
  const serving = await member(t, [STRICT], { identityDir: await identityDir(t, ca, SERVER) });
  const server = new Server();
  server.addService(TEST_SERVICE, { ...interopService('interop'), ...methods });
  const { port } = await listen(serving, server, 0);
  const mesh = await member(t, [entry(port), MUTUAL], { identityDir: await identityDir(t, ca, CLIENT) });
  const client = new Client('interop.mesh:80', credentials.createInsecure(), clientOptions(mesh));
  t.after(() => client.close());
  return client;
}

function upload(client: Client) {
  const { path, requestSerialize, responseDeserialize } = definitionOf('StreamingInputCall');
  let answered: sendUnaryData<InputResponse> = () => {};
  const answer = new Promise<{ code: number; size: number }>((resolve) => {
    answered = (error, response) =>
      resolve({ code: error?.code ?? 0, size: response?.aggregatedPayloadSize ?? 0 });
  });
  const call = client.makeClientStreamRequest<InputRequest, InputResponse>(
    path,
    requestSerialize,
    responseDeserialize,
    (error, response) => answered(error, response),
  );
  return { call, answer };
}

function duplex(client: Client, metadata = new Metadata()) {
  const { path, requestSerialize, responseDeserialize } = definitionOf('FullDuplexCall');
  const call = client.makeBidiStreamRequest<OutputRequest, OutputResponse>(
    path,
    requestSerialize,
    responseDeserialize,
    metadata,
  );
  const end = new Promise<StatusObject>((resolve) => call.on('status', resolve));
  call.on('error', () => {});
  return { call, end };
}

test('an upload waits for a server that does not read, and goes on when it does', LIMIT, async (t) => {
  let goOn = () => {};
  let asked = () => {};
  const arrived = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const client = await scene(t, {
    StreamingInputCall(
      call: ServerReadableStream<InputRequest, InputResponse>,
      callback: sendUnaryData<InputResponse>,
    ) {
      let aggregatedPayloadSize = 0;
      goOn = () => {
        call.on('data', ({ payload }: InputRequest) => {
          aggregatedPayloadSize += payload!.body!.length;
        });
        call.on('end', () => callback(null, { aggregatedPayloadSize }));
      };
      asked();
    },
  });
  const { call, answer } = upload(client);
  let taken = 0;
  const payload = { body: Buffer.alloc(SIZE) };
  const writing = (async () => {
    for (let i = 0; i < 400; i += 1) {
      await new Promise((resolve) => call.write({ payload }, resolve));
      taken += 1;
    }
    call.end();
  })();
  await arrived;
  for (let same = 0, before = -1; same < 10; before = taken) {
    await pause(20);
    same = taken === before ? same + 1 : 0;
  }
  assert.ok(taken < 100, `${taken} of 400 messages were taken for a server that reads none`);
  goOn();
  await writing;
  assert.deepEqual(await answer, { code: 0, size: 400 * SIZE });
});

test(
  'a server that answers before it has read everything is heard, and the caller need not go on',
  LIMIT,
  async (t) => {
    const client = await scene(t, {
      StreamingInputCall(_call: unknown, callback: sendUnaryData<InputResponse>) {
        callback({ code: status.FAILED_PRECONDITION, details: 'not now' });
      },
      FullDuplexCall(call: ServerDuplexStream<OutputRequest, OutputResponse>) {
        call.end();
      },
    });
    for (let i = 0; i < 20; i += 1) {
      const { call, answer } = upload(client);
      call.on('error', () => {});
      for (let at = 0; at < 40; at += 1) call.write({ payload: { body: Buffer.alloc(SIZE) } });
      assert.equal((await answer).code, status.FAILED_PRECONDITION);
      const talk = duplex(client);
      for (let at = 0; at < 40; at += 1) talk.call.write({ payload: { body: Buffer.alloc(SIZE) } });
      talk.call.resume();
      assert.equal((await talk.end).code, status.OK);
    }
  },
);

test('five hundred conversations of one client are open at once', LIMIT, async (t) => {
  const client = await scene(t, {});
  const open = Array.from({ length: 500 }, () => {
    const { call, end } = duplex(client);
    const heard = new Promise((resolve) => call.once('data', resolve));
    call.write({ responseParameters: [{ size: 3 }] });
    return { call, end, heard };
  });
  await Promise.all(
    open.map(({ heard, end }) => Promise.race([heard, end.then((ended) => assert.fail(ended.details))])),
  );
  for (const { call } of open) call.end();
  for (const { end } of open) assert.equal((await end).code, status.OK);
});

test(
  'metadata of tens of kilobytes passes; what is more than a server takes ends the call, not the connection',
  LIMIT,
  async (t) => {
    const client = await scene(t, {});
    const codeWith = async (bytes: number) => {
      const metadata = new Metadata();
      metadata.set('x-grpc-test-echo-initial', 'x'.repeat(bytes));
      const { call, end } = duplex(client, metadata);
      const initial = new Promise<Metadata | null>((resolve) => {
        call.once('metadata', resolve);
        void end.then(() => resolve(null));
      });
      call.resume();
      call.end();
      const echoed = (await initial)?.get('x-grpc-test-echo-initial')[0]?.length ?? 0;
      return { code: (await end).code, echoed };
    };
    assert.deepEqual(await codeWith(10_000), { code: status.OK, echoed: 10_000 });
    const refused = await codeWith(1_000_000);
    assert.notEqual(refused.code, status.OK);
    assert.deepEqual(await codeWith(100), { code: status.OK, echoed: 100 });
  },
);
