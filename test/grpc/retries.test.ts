/** Which calls of gRPC are made again: unary ones and streams, by status, by what the server says of it, and never once it has begun to answer. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  Client,
  credentials,
  Metadata,
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { clientOptions } from '@heddle/grpc';
import type { CallOptions } from './interop/client.js';
import { TEST_SERVICE } from './interop/definitions.js';
import { GrpcJsClient } from './interop/grpc-js-client.js';
import { interopService } from './interop/server.js';
import { bound, entry, member } from './scene.js';

const LIMIT = { timeout: 60_000 };
const PREVIOUS = 'grpc-previous-rpc-attempts';

interface Failure {
  readonly code: number;
  /** The server has begun to answer when it fails. */
  readonly begun?: boolean;
  readonly pushback?: string;
}

function retrying(retryOn: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: interop, namespace: default }
spec:
  hosts: [interop.mesh]
  http: [{ route: [{ destination: { host: interop.mesh } }], retries: { attempts: 2, retryOn: '${retryOn}' } }]`;
}

/**
 * A server that fails as it is told, once for each failure, and serves from then on.
 * @param retryOn of policy; null: it says nothing of retries
 */
async function scene(t: TestContext, failures: Failure[], retryOn: string | null) {
  const attempts: (string | undefined)[] = [];
  const failed = (call: ServerUnaryCall<object, object> | ServerDuplexStream<object, object>) => {
    attempts.push(call.metadata.get(PREVIOUS)[0]?.toString());
    const failure = failures.shift();
    if (failure === undefined) return null;
    const { code, begun = false, pushback } = failure;
    if (begun) call.sendMetadata(new Metadata());
    const metadata = new Metadata();
    if (pushback !== undefined) metadata.set('grpc-retry-pushback-ms', pushback);
    return Object.assign(new Error('no'), { code, details: 'no', metadata });
  };
  const { EmptyCall, FullDuplexCall, ...others } = interopService('interop');
  const server = new Server();
  server.addService(TEST_SERVICE, {
    ...others,
    EmptyCall(call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) {
      const error = failed(call);
      if (error !== null) callback(error);
      else callback(null, {});
    },
    FullDuplexCall(call: ServerDuplexStream<object, object>) {
      const error = failed(call);
      if (error !== null) call.emit('error', error);
      else (FullDuplexCall as (one: typeof call) => void)(call);
    },
  });
  const mesh = await member(t, [
    entry(await bound(t, server)),
    ...(retryOn === null ? [] : [retrying(retryOn)]),
  ]);
  const insecure = credentials.createInsecure();
  const client = new GrpcJsClient(
    (options) => new Client('interop.mesh:80', insecure, clientOptions(mesh, options)),
    { sent: 0, received: 0 },
  );
  t.after(() => client.close());
  const ask = async (method: 'EmptyCall' | 'FullDuplexCall' = 'EmptyCall', options?: CallOptions) => {
    const call = client.call(method, options);
    call.send({});
    call.finish();
    return (await call.end).code;
  };
  return { ask, attempts };
}

const { OK, UNAVAILABLE, FAILED_PRECONDITION, RESOURCE_EXHAUSTED } = status;

for (const method of ['EmptyCall', 'FullDuplexCall'] as const) {
  test(
    `${method}: what the server has had is not made again, unless policy asks for it`,
    LIMIT,
    async (t) => {
      const { ask, attempts } = await scene(t, [{ code: UNAVAILABLE }], null);
      assert.equal(await ask(method), UNAVAILABLE);
      assert.equal(attempts.length, 1);
    },
  );

  test(`${method}: made again by policy it says how often it was`, LIMIT, async (t) => {
    const { ask, attempts } = await scene(t, [{ code: UNAVAILABLE }, { code: UNAVAILABLE }], 'unavailable');
    assert.equal(await ask(method), OK);
    assert.deepEqual(attempts, [undefined, '1', '2']);
  });

  test(`${method}: the last status is the caller's when there are no more retries`, LIMIT, async (t) => {
    const failures = Array.from({ length: 9 }, () => ({ code: UNAVAILABLE }));
    const { ask, attempts } = await scene(t, failures, 'unavailable');
    assert.equal(await ask(method), UNAVAILABLE);
    assert.equal(attempts.length, 3);
  });

  test(`${method}: what the server has begun to answer is not made again`, LIMIT, async (t) => {
    const { ask, attempts } = await scene(t, [{ code: UNAVAILABLE, begun: true }], 'unavailable');
    assert.equal(await ask(method), UNAVAILABLE);
    assert.equal(attempts.length, 1);
  });

  test(`${method}: a server that pushes back is heard: not again, or at once`, LIMIT, async (t) => {
    const failures = [
      { code: UNAVAILABLE, pushback: '-1' },
      { code: UNAVAILABLE, pushback: '0' },
    ];
    const { ask, attempts } = await scene(t, failures, 'unavailable');
    assert.equal(await ask(method), UNAVAILABLE);
    assert.equal(attempts.length, 1);
    assert.equal(await ask(method), OK);
    assert.deepEqual(attempts.slice(1), [undefined, '1']);
  });

  test(`${method}: statuses that policy does not name are not made again`, LIMIT, async (t) => {
    const failures = [{ code: RESOURCE_EXHAUSTED }, { code: FAILED_PRECONDITION }];
    const { ask, attempts } = await scene(t, failures, 'resource-exhausted');
    assert.equal(await ask(method), FAILED_PRECONDITION);
    assert.equal(attempts.length, 2);
  });
}
