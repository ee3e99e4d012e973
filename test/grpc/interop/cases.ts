/**
 * gRPC's interop cases, as one table that runs over any client and any server.
 * Not here: `cacheable_unary` (GET instead of POST; no library offers it), and those that need accounts of a cloud. Whether a message was
 * compressed is told by the bytes on the wire, for no library tells it: the cases' probe with `expect_compressed` is left out for that reason.
 * @source grpc/grpc doc/interop-test-descriptions.md
 */
import assert from 'node:assert/strict';
import type { Ability, CallOptions, End, Fields, TestClient } from './client.js';
import type { MethodName, Methods } from './definitions.js';

export interface Case {
  readonly name: string;
  readonly needs?: readonly Ability[];
  readonly run: (client: TestClient) => Promise<void>;
}

const OK = 0;
const CANCELLED = 1;
const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const UNIMPLEMENTED = 12;

const zeros = (size: number) => ({ body: Buffer.alloc(size) });
const LARGE = { responseSize: 314_159, payload: zeros(271_828) };
/** Far more than what 300,000 zeros are when they are compressed, with handshakes; far less than what they are otherwise. */
const FEW = 100_000;

interface Unary<M extends MethodName> {
  readonly responses: Methods[M]['response'][];
  readonly end: End;
  readonly initial: Promise<Fields>;
}

/** One request, and all that comes of it. */
async function ask<M extends MethodName>(
  client: TestClient,
  method: M,
  request: Methods[M]['request'],
  options?: CallOptions,
): Promise<Unary<M>> {
  const call = client.call(method, options);
  call.send(request);
  call.finish();
  const responses: Methods[M]['response'][] = [];
  for (let one = await call.next(); one !== undefined; one = await call.next()) responses.push(one);
  return { responses, end: await call.end, initial: call.initial };
}

async function askWell<M extends MethodName>(
  client: TestClient,
  method: M,
  request: Methods[M]['request'],
  options?: CallOptions,
): Promise<Methods[M]['response']> {
  const { responses, end } = await ask(client, method, request, options);
  wentWell(end);
  assert.equal(responses.length, 1);
  return responses[0]!;
}

function wentWell(end: End): void {
  assert.deepEqual({ code: end.code, details: end.details }, { code: OK, details: end.details });
}

const sizeOf = (message: { payload?: { body?: Uint8Array } | null } | undefined) =>
  message?.payload?.body?.length;

async function largeUnary(client: TestClient, options?: CallOptions): Promise<void> {
  const { payload } = await askWell(client, 'UnaryCall', LARGE, options);
  assert.equal(payload?.body?.length, 314_159);
  assert.ok(payload.body.every((byte) => byte === 0));
}

/** @returns bytes that went each way meanwhile */
async function wireOf(client: TestClient, work: () => Promise<void>) {
  const { sent, received } = client.wire;
  await work();
  return { sent: client.wire.sent - sent, received: client.wire.received - received };
}

const PING_PONG = [
  [27_182, 31_415],
  [8, 9],
  [1_828, 2_653],
  [45_904, 58_979],
] as const;

const METADATA: Fields = {
  'x-grpc-test-echo-initial': 'test_initial_metadata_value',
  'x-grpc-test-echo-trailing-bin': Buffer.from([0xab, 0xab, 0xab]),
};

async function hasMetadata(initial: Promise<Fields>, end: End): Promise<void> {
  wentWell(end);
  const key = 'x-grpc-test-echo-initial';
  assert.equal((await initial)[key], METADATA[key]);
  assert.deepEqual(end.trailing['x-grpc-test-echo-trailing-bin'], Buffer.from([0xab, 0xab, 0xab]));
}

async function endsWith(client: TestClient, code: number, message: string): Promise<void> {
  const responseStatus = { code, message };
  const unary = await ask(client, 'UnaryCall', { responseStatus });
  assert.deepEqual([unary.end.code, unary.end.details], [code, message]);
  const duplex = await ask(client, 'FullDuplexCall', { responseStatus });
  assert.deepEqual([duplex.end.code, duplex.end.details], [code, message]);
}

export const CASES: readonly Case[] = [
  {
    name: 'empty_unary',
    async run(client) {
      assert.ok(await askWell(client, 'EmptyCall', {}));
    },
  },
  { name: 'large_unary', run: (client) => largeUnary(client) },
  {
    name: 'client_compressed_unary',
    needs: ['compress'],
    async run(client) {
      const compressed = await wireOf(client, () => largeUnary(client, { compress: true }));
      assert.ok(compressed.sent < FEW, `${compressed.sent} bytes`);
      const plain = await wireOf(client, () => largeUnary(client));
      assert.ok(plain.sent > 271_828, `${plain.sent} bytes`);
    },
  },
  {
    name: 'server_compressed_unary',
    needs: ['answers-compressed'],
    async run(client) {
      for (const value of [true, false]) {
        const wire = await wireOf(client, async () => {
          const response = await askWell(client, 'UnaryCall', { ...LARGE, responseCompressed: { value } });
          assert.equal(sizeOf(response), 314_159);
        });
        assert.equal(wire.received < FEW, value, `${wire.received} bytes`);
      }
    },
  },
  {
    name: 'client_streaming',
    async run(client) {
      const call = client.call('StreamingInputCall');
      for (const [size] of PING_PONG) call.send({ payload: zeros(size) });
      call.finish();
      assert.equal((await call.next())?.aggregatedPayloadSize, 74_922);
      wentWell(await call.end);
    },
  },
  {
    name: 'client_compressed_streaming',
    needs: ['compress', 'compress-each'],
    async run(client) {
      const stream = (second: boolean) => async () => {
        const call = client.call('StreamingInputCall', { compress: true });
        call.send({ payload: zeros(271_820) });
        call.send({ payload: zeros(459_040) }, second);
        call.finish();
        assert.equal((await call.next())?.aggregatedPayloadSize, 730_860);
        wentWell(await call.end);
      };
      const both = await wireOf(client, stream(true));
      assert.ok(both.sent < FEW, `${both.sent} bytes`);
      const one = await wireOf(client, stream(false));
      assert.ok(one.sent > 459_040 && one.sent < 459_040 + FEW, `${one.sent} bytes`);
    },
  },
  {
    name: 'server_streaming',
    async run(client) {
      const responseParameters = PING_PONG.map(([, size]) => ({ size }));
      const { responses, end } = await ask(client, 'StreamingOutputCall', { responseParameters });
      wentWell(end);
      assert.deepEqual(responses.map(sizeOf), [31_415, 9, 2_653, 58_979]);
    },
  },
  {
    name: 'server_compressed_streaming',
    needs: ['answers-compressed'],
    async run(client) {
      const sizes = [314_150, 926_530];
      const wire = await wireOf(client, async () => {
        const responseParameters = [
          { size: sizes[0]!, compressed: { value: true } },
          { size: sizes[1]!, compressed: { value: false } },
        ];
        const { responses, end } = await ask(client, 'StreamingOutputCall', { responseParameters });
        wentWell(end);
        assert.deepEqual(responses.map(sizeOf), sizes);
      });
      assert.ok(wire.received > sizes[1]! && wire.received < sizes[1]! + FEW, `${wire.received} bytes`);
    },
  },
  {
    name: 'ping_pong',
    async run(client) {
      const call = client.call('FullDuplexCall');
      for (const [body, size] of PING_PONG) {
        call.send({ responseParameters: [{ size }], payload: zeros(body) });
        assert.equal(sizeOf(await call.next()), size);
      }
      call.finish();
      assert.equal(await call.next(), undefined);
      wentWell(await call.end);
    },
  },
  {
    name: 'empty_stream',
    async run(client) {
      const call = client.call('FullDuplexCall');
      call.finish();
      assert.equal(await call.next(), undefined);
      wentWell(await call.end);
    },
  },
  {
    name: 'custom_metadata',
    async run(client) {
      const unary = await ask(client, 'UnaryCall', LARGE, { metadata: METADATA });
      assert.equal(sizeOf(unary.responses[0]), 314_159);
      await hasMetadata(unary.initial, unary.end);
      const request = { responseParameters: [{ size: 314_159 }], payload: zeros(271_828) };
      const duplex = await ask(client, 'FullDuplexCall', request, { metadata: METADATA });
      assert.deepEqual(duplex.responses.map(sizeOf), [314_159]);
      await hasMetadata(duplex.initial, duplex.end);
    },
  },
  {
    name: 'per_rpc_creds',
    needs: ['credentials'],
    async run(client) {
      const credentials = { authorization: 'Bearer somebody@example.com' };
      const { username } = await askWell(client, 'UnaryCall', { fillUsername: true }, { credentials });
      assert.equal(username, 'somebody@example.com');
    },
  },
  {
    name: 'status_code_and_message',
    run: (client) => endsWith(client, UNKNOWN, 'test status message'),
  },
  {
    name: 'special_status_message',
    async run(client) {
      const message = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
      const { end } = await ask(client, 'UnaryCall', { responseStatus: { code: UNKNOWN, message } });
      assert.deepEqual([end.code, end.details], [UNKNOWN, message]);
    },
  },
  {
    name: 'every status code',
    async run(client) {
      for (let code = 1; code <= 16; code += 1) await endsWith(client, code, `status ${code}`);
    },
  },
  {
    name: 'unimplemented_method',
    async run(client) {
      assert.equal((await ask(client, 'UnimplementedCall', {})).end.code, UNIMPLEMENTED);
    },
  },
  {
    name: 'unimplemented_service',
    async run(client) {
      assert.equal((await ask(client, 'UnimplementedService', {})).end.code, UNIMPLEMENTED);
    },
  },
  {
    name: 'cancel_after_begin',
    async run(client) {
      const call = client.call('StreamingInputCall');
      call.cancel();
      assert.equal((await call.end).code, CANCELLED);
    },
  },
  {
    name: 'cancel_after_first_response',
    async run(client) {
      const call = client.call('FullDuplexCall');
      call.send({ responseParameters: [{ size: 31_415 }], payload: zeros(27_182) });
      assert.equal(sizeOf(await call.next()), 31_415);
      call.cancel();
      assert.equal((await call.end).code, CANCELLED);
    },
  },
  {
    name: 'timeout_on_sleeping_server',
    needs: ['timeout'],
    async run(client) {
      // Long enough, too, that the server has it when it is over.
      for (const timeoutMs of [1, 50]) {
        const call = client.call('FullDuplexCall', { timeoutMs });
        call.send({ payload: zeros(27_182) });
        assert.equal((await call.end).code, DEADLINE_EXCEEDED);
      }
    },
  },
  {
    name: 'concurrent_large_unary',
    async run(client) {
      await Promise.all(Array.from({ length: 20 }, () => largeUnary(client)));
    },
  },
  {
    name: 'rpc_soak',
    async run(client) {
      for (let i = 0; i < 50; i += 1) {
        assert.equal(sizeOf(await askWell(client, 'UnaryCall', { responseSize: 3_141 })), 3_141);
      }
    },
  },
  {
    name: 'channel_soak',
    async run(client) {
      for (let i = 0; i < 10; i += 1) {
        const other = client.another();
        assert.equal(sizeOf(await askWell(other, 'UnaryCall', { responseSize: 3_141 })), 3_141);
        other.close();
      }
    },
  },
];
