/** External authorization in a whole mesh, with policy from files: an authorizer, a service that asks it, and its callers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type RequestListener, request as send } from 'node:http';
import { connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import express from 'express';
import { join } from 'heddle';

async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const policy = (port: number, provider: string, rule: string) => `
apiVersion: heddle.dev/v1
kind: MeshConfig
metadata: { name: mesh, namespace: istio-system }
spec:
  extensionProviders:
    - name: bouncer
      envoyExtAuthzHttp:
        service: bouncer.example
        port: 80
        ${provider}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bouncer, namespace: istio-system }
spec:
  hosts: [bouncer.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1, ports: { http: ${port} } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ask, namespace: shop }
spec:
  action: CUSTOM
  provider: { name: bouncer }
  rules: [${rule}]
`;

async function shop(
  t: TestContext,
  answer: RequestListener,
  options: { provider?: string; rule?: string } = {},
) {
  const asked: Asked[] = [];
  const port = await serve(t, async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += String(part);
    asked.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    answer(request, response);
  });
  const folder = await mkdtemp(path(tmpdir(), 'heddle-ext-authz-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { provider = '', rule = '{ to: [{ operation: { paths: [/guarded*] } }] }' } = options;
  await writeFile(path(folder, 'policy.yaml'), policy(port, provider, rule));
  const mesh = await join({
    policy: folder,
    namespace: 'shop',
    service: 'shop',
    log: () => {},
  });
  t.after(() => mesh.close());
  const app = express();
  app.use(express.text({ type: () => true, limit: '10mb' }));
  app.use((request, response) => {
    response.json({ url: request.originalUrl, headers: request.headers, body: request.body });
  });
  const listening = await mesh.listen(app, 0, { address: '127.0.0.1' });
  const ask = (
    target: string,
    init: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; text: string; continued: number }>(
      (resolve, reject) => {
        const { method = 'GET', headers = {}, body } = init;
        let continued = 0;
        const request = send(
          {
            host: '127.0.0.1',
            port: listening.port,
            path: target,
            method,
            headers: { host: 'shop', ...headers },
            agent: false,
          },
          async (response) => {
            let text = '';
            for await (const part of response.setEncoding('utf8')) text += String(part);
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text, continued });
          },
        );
        request.on('error', reject);
        if (headers.expect !== undefined) {
          request.on('continue', () => {
            continued += 1;
            request.end(body);
          });
          request.flushHeaders();
        } else request.end(body);
      },
    );
  /** The same over HTTP/2. Headers are as they came, lists included. */
  const askHttp2 = async (headers: OutgoingHttpHeaders, pieces: readonly string[] = []) => {
    const session = connect(`http://127.0.0.1:${listening.port}`);
    try {
      const stream = session.request(
        { ':authority': 'shop', ...headers },
        { endStream: pieces.length === 0 },
      );
      let continued = 0;
      let text = '';
      stream.on('continue', () => (continued += 1));
      const answered = once(stream, 'response');
      if (headers.expect !== undefined) await once(stream, 'continue');
      for (const piece of pieces) {
        stream.write(piece);
        // What was written is there, and nothing else yet.
        await new Promise((resolve) => session.ping(resolve));
      }
      stream.end();
      const [answer] = (await answered) as [IncomingHttpHeaders & { readonly ':status': number }];
      for await (const part of stream.setEncoding('utf8')) text += String(part);
      return { status: answer[':status'], headers: answer, text, continued };
    } finally {
      session.destroy();
    }
  };
  return { asked, ask, askHttp2, port: listening.port };
}

const ok: RequestListener = (_, response) => {
  response.writeHead(200, { 'x-user': 'alice', 'x-other': 'secret', 'x-seen': 'yes' }).end();
};

test('whom the authorizer answers with 200 the handler serves; what no rule matches is not asked about', async (t) => {
  const { ask, asked } = await shop(t, ok, {
    provider: `pathPrefix: /check
        includeRequestHeadersInCheck: [x-tenant, 'x-a-*', '*-z', authorization2]
        includeAdditionalHeadersInCheck: { x-from: shop, x-tenant-kind: fixed }
        headersToUpstreamOnAllow: [x-user]
        headersToDownstreamOnAllow: [x-seen]`,
  });
  assert.equal((await ask('/open')).status, 200);
  assert.equal(asked.length, 0);
  const { status, headers, text } = await ask('/guarded/a?b=1', {
    method: 'PUT',
    headers: {
      authorization: 'Basic abc',
      'x-tenant': 'one',
      'x-a-b': 'two',
      'x-b-z': 'three',
      'x-other': 'four',
      'x-user': 'root',
      'x-from': 'liar',
    },
  });
  assert.equal(status, 200);
  const [check] = asked;
  assert.deepEqual([check?.method, check?.url], ['PUT', '/check/guarded/a?b=1']);
  assert.equal(check?.headers.host, 'shop');
  assert.equal(check?.headers.authorization, 'Basic abc');
  assert.deepEqual(
    ['x-tenant', 'x-a-b', 'x-b-z', 'x-other', 'x-user', 'x-from'].map((name) => check?.headers[name]),
    ['one', 'two', 'three', undefined, undefined, 'shop'],
  );
  const seen = JSON.parse(text) as { headers: IncomingHttpHeaders };
  assert.equal(seen.headers['x-user'], 'alice');
  assert.equal(seen.headers['x-other'], 'four');
  assert.equal(headers['x-seen'], 'yes');
  assert.equal(headers['x-user'], undefined);
});

test('another status below 500 is what the caller gets, with its body and the headers that may go out', async (t) => {
  const answer: RequestListener = (_, response) => {
    response
      .writeHead(401, {
        'www-authenticate': 'Bearer',
        'x-why': 'no',
        'x-inner': 'secret',
        'content-type': 'text/html',
      })
      .end('<b>who?</b>');
  };
  const few = await shop(t, answer, { provider: 'headersToDownstreamOnDeny: [x-why]' });
  const refused = await few.ask('/guarded');
  assert.deepEqual([refused.status, refused.text], [401, '<b>who?</b>']);
  assert.equal(refused.headers['www-authenticate'], 'Bearer');
  assert.equal(refused.headers['x-why'], 'no');
  assert.equal(refused.headers['x-inner'], undefined);
  const all = await (await shop(t, answer)).ask('/guarded');
  assert.equal(all.headers['x-inner'], 'secret');
  assert.equal(all.headers['content-type'], 'text/html');
});

test('5xx, no answer, one too late or too long are refused with statusOnError, unless the provider fails open', async (t) => {
  const cases: [string, RequestListener][] = [
    ['5xx', (_, response) => void response.writeHead(500).end('trouble')],
    ['broken off', (request) => void request.socket.destroy()],
    ['too late', () => {}],
    ['too long', (_, response) => void response.writeHead(200).end('x'.repeat(100_000))],
  ];
  for (const [name, answer] of cases) {
    const closed = await (await shop(t, answer, { provider: 'timeout: 200ms' })).ask('/guarded');
    assert.deepEqual([closed.status, closed.text], [403, ''], name);
    const teapot = await shop(t, answer, { provider: "timeout: 200ms\n        statusOnError: '418'" });
    assert.equal((await teapot.ask('/guarded')).status, 418, name);
    const open = await shop(t, answer, { provider: 'timeout: 200ms\n        failOpen: true' });
    assert.equal((await open.ask('/guarded')).status, 200, name);
  }
});

test('a body is shown to the authorizer and to the handler, whole or its beginning', async (t) => {
  const whole = await shop(t, ok, { provider: 'includeRequestBodyInCheck: { maxRequestBytes: 100000 }' });
  for (const body of ['', 'hello', 'x'.repeat(100_000)]) {
    const { status, text } = await whole.ask('/guarded', {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain' },
    });
    assert.equal(status, 200);
    const seen = JSON.parse(text) as { body: unknown };
    assert.equal(typeof seen.body === 'string' ? seen.body : '', body);
    assert.equal(whole.asked.at(-1)?.body, body);
  }
  assert.equal(whole.asked.at(-1)?.headers['x-envoy-auth-partial-body'], 'false');
  const large = await whole.ask('/guarded', { method: 'POST', body: 'x'.repeat(100_001) });
  assert.deepEqual([large.status, large.text], [413, 'Payload Too Large']);
  assert.equal(whole.asked.length, 3);

  const part = await shop(t, ok, {
    provider: 'includeRequestBodyInCheck: { maxRequestBytes: 10, allowPartialMessage: true }',
  });
  const body = 'abcdefghij'.repeat(50_000);
  const { status, text } = await part.ask('/guarded', {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/plain' },
  });
  assert.equal(status, 200);
  assert.equal((JSON.parse(text) as { body: string }).body, body);
  assert.equal(part.asked[0]?.body, 'abcdefghij');
  assert.equal(part.asked[0]?.headers['x-envoy-auth-partial-body'], 'true');
});

test('who waits to be told to go on with a body is told once', async (t) => {
  const { ask, asked } = await shop(t, ok, {
    provider: 'includeRequestBodyInCheck: { maxRequestBytes: 100 }',
  });
  const { status, text, continued } = await ask('/guarded', {
    method: 'POST',
    body: 'hello',
    headers: { expect: '100-continue', 'content-type': 'text/plain', 'content-length': '5' },
  });
  assert.deepEqual([status, continued], [200, 1]);
  assert.equal((JSON.parse(text) as { body: string }).body, 'hello');
  assert.equal(asked[0]?.body, 'hello');
});

test('a body that comes over HTTP/2 is shown to the authorizer and to the handler, whole or its beginning', async (t) => {
  const post = { ':method': 'POST', ':path': '/guarded', 'content-type': 'text/plain' };
  const whole = await shop(t, ok, { provider: 'includeRequestBodyInCheck: { maxRequestBytes: 200000 }' });
  for (const pieces of [[], [''], ['hello'], ['hel', 'lo'], ['x'.repeat(100_000), 'y'.repeat(100_000)]]) {
    const { status, text } = await whole.askHttp2(post, pieces);
    assert.equal(status, 200);
    const seen = JSON.parse(text) as { body: unknown };
    assert.equal(typeof seen.body === 'string' ? seen.body : '', pieces.join(''));
    assert.equal(whole.asked.at(-1)?.body, pieces.join(''));
  }
  const large = await whole.askHttp2(post, ['x'.repeat(200_001)]);
  assert.deepEqual([large.status, large.text], [413, 'Payload Too Large']);
  const polite = await whole.askHttp2({ ...post, expect: '100-continue' }, ['hello']);
  assert.deepEqual([polite.status, polite.continued], [200, 1]);
  assert.equal(whole.asked.at(-1)?.body, 'hello');
  const silly = await whole.askHttp2({ ...post, expect: '100-continue' }, ['']);
  assert.deepEqual([silly.status, silly.continued, whole.asked.at(-1)?.body], [200, 1, '']);

  const part = await shop(t, ok, {
    provider: 'includeRequestBodyInCheck: { maxRequestBytes: 10, allowPartialMessage: true }',
  });
  const body = 'abcdefghij'.repeat(50_000);
  const { status, text } = await part.askHttp2(post, [body.slice(0, 8), body.slice(8)]);
  assert.equal(status, 200);
  assert.equal((JSON.parse(text) as { body: string }).body, body);
  assert.equal(part.asked[0]?.body, 'abcdefghij');
  assert.equal(part.asked[0]?.headers['x-envoy-auth-partial-body'], 'true');
  // The beginning is there as soon as it has come, and the rest is not waited for.
  const { asked } = part;
  const session = connect(`http://127.0.0.1:${part.port}`);
  t.after(() => session.destroy());
  const unfinished = session.request({ ':authority': 'shop', ...post });
  unfinished.on('error', () => {}).write('0123456789-');
  while (asked.length < 2) await setImmediate();
  assert.equal(asked[1]?.body, '0123456789');
  const answered = once(unfinished, 'response');
  unfinished.end('!');
  let echoed = '';
  for await (const chunk of unfinished.setEncoding('utf8')) echoed += String(chunk);
  assert.equal((await answered)[0][':status'], 200);
  assert.equal((JSON.parse(echoed) as { body: string }).body, '0123456789-!');
  // Whoever goes in the middle is not asked about.
  const gone = session.request({ ':authority': 'shop', ...post });
  gone.on('error', () => {}).write('01234');
  await new Promise((resolve) => session.ping(resolve));
  gone.close(constants.NGHTTP2_CANCEL);
  await once(gone, 'close');
  assert.equal((await part.askHttp2(post, ['abc'])).status, 200);
  assert.deepEqual(
    asked.map((check) => check.body),
    ['abcdefghij', '0123456789', 'abc'],
  );
});

test('what the authorizer says instead of the handler, lists and its own content type included, is what a caller over HTTP/2 hears', async (t) => {
  const { askHttp2 } = await shop(t, (_, response) => {
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.setHeader('www-authenticate', ['Basic', 'Bearer']);
    response.setHeader('location', ['/one', '/two']);
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"who":"nobody"}');
  });
  const { status, headers, text } = await askHttp2({ ':path': '/guarded' });
  assert.deepEqual([status, text], [401, '{"who":"nobody"}']);
  assert.equal(headers['content-type'], 'application/json');
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(headers['www-authenticate'], 'Basic, Bearer');
  assert.match(headers.location ?? '', /^\/one/);
});

test('an authorizer that is asked about its own check is not asked for ever', async (t) => {
  const { ask, asked } = await shop(t, ok);
  const { status } = await ask('/guarded', { headers: { 'x-heddle-check': 'bouncer.example' } });
  assert.equal(status, 403);
  assert.equal(asked.length, 0);
});
