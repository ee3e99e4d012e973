/** What callers of gRPC are told when it is the mesh that answers. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import {
  Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import {
  ADMIT_ALL,
  answerOf,
  beginRaw,
  dial,
  dialRaw,
  echo,
  failureOf,
  type Line,
  linesOf,
  serve,
} from './fixtures.test.helper.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function tokenOf(claims: Readonly<Record<string, unknown>>): string {
  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const head = text({ alg: 'ES256', kid: 'k', typ: 'JWT' });
  const signed = `${head}.${text({ iss: 'https://issuer.test', exp, ...claims })}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function bearing(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

test('tokens are asked for in metadata: a wrong one is UNAUTHENTICATED, none is PERMISSION_DENIED', async (t) => {
  const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }] });
  const policy = `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: users, namespace: default }
spec:
  jwtRules: [{ issuer: 'https://issuer.test', jwks: '${jwks}', outputClaimToHeaders: [{ header: x-user, claim: sub }] }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: users, namespace: default }
spec:
  rules: [{ from: [{ source: { requestPrincipals: ['*'] } }] }]
`;
  const server = echo({
    One: (call: ServerUnaryCall<Line, Line>, callback: sendUnaryData<Line>) => {
      const { requestPrincipal } = mesh.context()!;
      // What came as a token does not get to the handler; what policy makes of it does.
      const told = [requestPrincipal, call.metadata.get('x-user'), call.metadata.get('authorization').length];
      callback(null, { text: told.join(' ') });
    },
  } as never);
  const { port, mesh } = await serve(t, server, { policy });
  const client = dial(t, port);
  const good = await client.one('', bearing(tokenOf({ sub: 'alice' })));
  assert.equal(good.text, 'https://issuer.test/alice alice 0');
  const wrong = await failureOf(client.one('', bearing(`${tokenOf({ sub: 'alice' })}x`)));
  assert.equal(wrong.code, status.UNAUTHENTICATED);
  assert.match(String(wrong.metadata.get('www-authenticate')), /^Bearer realm=/);
  assert.equal((await failureOf(client.one(''))).code, status.PERMISSION_DENIED);
});

test('a stream that is not let in is told why, however much is on its way already', async (t) => {
  const nobody = ADMIT_ALL.replace('rules: [{}]', 'rules: [{ to: [{ operation: { paths: [/none] } }] }]');
  const { port } = await serve(t, echo(), { policy: nobody });
  const client = dial(t, port);
  const { call, answer } = client.up();
  const failed = failureOf(answer);
  call.on('error', () => {});
  const text = 'x'.repeat(60_000);
  for (let i = 0; i < 50; i += 1) call.write({ text });
  const error = await failed;
  assert.equal(error.code, status.PERMISSION_DENIED);
  assert.equal(error.details, 'RBAC: access denied');
  const both = client.both();
  both.write({ text });
  assert.equal((await failureOf(linesOf(both))).code, status.PERMISSION_DENIED);
  assert.equal((await failureOf(linesOf(client.down('x')))).code, status.PERMISSION_DENIED);
});

const DEADLINE = `${ADMIT_ALL}---
apiVersion: heddle.dev/v1
kind: ResiliencePolicy
metadata: { name: slow, namespace: default }
spec: { selector: {}, deadline: 500ms }
`;

test('a handler that takes longer than policy lets it is answered for, and nothing that it does later matters', async (t) => {
  const late: (() => void)[] = [];
  const server = echo({
    One: (_call: unknown, callback: sendUnaryData<Line>) => {
      late.push(() => callback(null, { text: 'late' }));
    },
    Down: (call: ServerWritableStream<Line, Line>) => {
      call.write({ text: 'first' });
      call.once('cancelled', () => {
        call.write({ text: 'late' });
        call.end();
      });
    },
  } as never);
  const { port } = await serve(t, server, { policy: DEADLINE });
  const client = dial(t, port, { 'grpc.enable_retries': 0 });
  const error = await failureOf(client.one('x'));
  assert.equal(error.code, status.UNAVAILABLE);
  assert.equal(error.details, 'upstream request timeout');
  for (const answer of late) answer();
  // What has begun is broken off.
  assert.notEqual((await failureOf(linesOf(client.down('x')))).code, status.OK);
  assert.equal((await failureOf(client.one('x'))).code, status.UNAVAILABLE);
});

test('calls that find no place are UNAVAILABLE', async (t) => {
  const policy = `${ADMIT_ALL}---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default, namespace: default }
spec:
  inboundConnectionPool: { http: { http2MaxRequests: 1 } }
`;
  const arrived: sendUnaryData<Line>[] = [];
  let here: () => void = () => {};
  const first = new Promise<void>((resolve) => (here = resolve));
  const server = echo({
    One: (_call: unknown, callback: sendUnaryData<Line>) => {
      arrived.push(callback);
      here();
    },
  } as never);
  const { port } = await serve(t, server, { policy });
  const client = dial(t, port, { 'grpc.enable_retries': 0 });
  const held = client.one('held');
  await first;
  const error = await failureOf(client.one('over'));
  assert.equal(error.code, status.UNAVAILABLE);
  arrived[0]!(null, { text: 'done' });
  assert.equal((await held).text, 'done');
});

test('health checks are answered while calls are shed', async (t) => {
  const policy = `${ADMIT_ALL}---
apiVersion: heddle.dev/v1
kind: ResiliencePolicy
metadata: { name: shed, namespace: default }
spec: { selector: {}, concurrency: { minLimit: 1, maxLimit: 1, initialLimit: 1 }, queue: { maxLength: 0, maxLoopDelay: 60s } }
`;
  const arrived: sendUnaryData<Line>[] = [];
  let here: () => void = () => {};
  const first = new Promise<void>((resolve) => (here = resolve));
  const server = echo({
    One: (_call: unknown, callback: sendUnaryData<Line>) => {
      arrived.push(callback);
      here();
    },
  } as never);
  const { port } = await serve(t, server, { policy, listen: { health: true } });
  const client = dial(t, port, { 'grpc.enable_retries': 0 });
  const held = client.one('held');
  await first;
  const error = await failureOf(client.one('over'));
  assert.equal(error.code, status.UNAVAILABLE);
  assert.equal(error.details, 'reached concurrency limit');
  const stream = beginRaw(await dialRaw(t, port), { ':path': '/grpc.health.v1.Health/Check' });
  stream.end(Buffer.alloc(5));
  assert.equal((await answerOf(stream)).trailers['grpc-status'], '0');
  arrived[0]!(null, { text: 'done' });
  assert.equal((await held).text, 'done');
});
