/**
 * What others have got past their guards with, byte for byte over plain sockets, against a port of the mesh with Express 5, Fastify or
 * a bare server behind it. Two things hold for all of it: no handler runs that policy closes, and whatever a handler sees is what was
 * checked: policy, asked again about that, lets it in.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import express from 'express';
import Fastify from 'fastify';
import { join } from 'heddle';
import { explainInbound } from 'heddle/policy';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const DENY = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: closed, namespace: shop }
spec:
  action: DENY
  rules:
    - to: [{ operation: { paths: [/admin, '/admin/*'] } }]
    - to: [{ operation: { hosts: [internal, 'internal:*', internal.] } }]
    - to: [{ operation: { methods: [DELETE] } }]
    - from: [{ source: { remoteIpBlocks: [10.0.0.0/8] } }]
    - when: [{ key: 'request.headers[x-forwarded-client-cert]', values: ['*'] }]
`;

type Normalization = 'BASE' | 'DECODE_AND_MERGE_SLASHES';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  /** A route of Express or Fastify that policy closes. */
  readonly closed: boolean;
}

interface Options {
  readonly policy?: string;
  readonly pathNormalization?: Normalization;
  readonly trustedHops?: number;
}

type Behind = 'express' | 'fastify' | 'http';

async function guard(t: TestContext, behind: Behind, options: Options = {}) {
  const { policy = DENY, pathNormalization = 'BASE', trustedHops } = options;
  const folder = await mkdtemp(path(tmpdir(), 'heddle-bypasses-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(path(folder, 'policy.yaml'), policy);
  const mesh = await join({
    policy: folder,
    namespace: 'shop',
    service: 'shop',
    pathNormalization,
    drainTimeoutMs: 0,
    ...(trustedHops !== undefined && { trustedHops }),
    log: () => {},
  });
  t.after(() => mesh.close());
  const seen: Seen[] = [];
  const record = ({ method = '', url = '', headers, rawHeaders }: IncomingMessage, closed: boolean) => {
    seen.push({ method, url, headers: { ...headers }, rawHeaders: [...rawHeaders], closed });
  };
  const { port } = await mesh.listen(await application(behind, record, pathNormalization, t), 0, {
    address: '127.0.0.1',
  });
  /** All that comes back until the connection ends. @param last whether nothing can follow: for what may never be answered */
  const say = async (text: string, last = false): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.setEncoding('latin1');
    let heard = '';
    socket.on('data', (part: string) => {
      heard += part;
    });
    socket.on('error', () => {});
    if (last) socket.end(text, 'latin1');
    else socket.write(text, 'latin1');
    socket.once('end', () => socket.end());
    await new Promise((resolve) => socket.once('close', resolve));
    return heard;
  };
  const statuses = async (text: string, last = false) =>
    [...(await say(text, last)).matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  /** The rule of this file. */
  const check = (sent: string) => {
    for (const { method, url, headers, closed } of seen) {
      assert.equal(closed, false, `a closed route ran for ${JSON.stringify(sent)}`);
      const asked = {
        workload: { namespace: 'shop' },
        port: 80,
        peer: { ip: '127.0.0.1' },
        method,
        path: url,
      };
      const fields = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value ?? '']));
      const question = { ...asked, authority: headers.host ?? '', headers: fields };
      const { decision, steps } = explainInbound([{ file: 'policy.yaml', text: policy }], question, {
        pathNormalization,
      });
      assert.equal(
        decision,
        'allow',
        `${JSON.stringify(sent)} was served as ${method} ${url}: ${steps.join('; ')}`,
      );
    }
    return seen.splice(0);
  };
  return { say, statuses, check, seen, mesh };
}

type Recorder = (request: IncomingMessage, closed: boolean) => void;

async function application(behind: Behind, record: Recorder, mode: Normalization, t: TestContext) {
  if (behind === 'express') {
    const app = express();
    app.set('case sensitive routing', true);
    app.use(['/admin'], (request, response) => {
      record(request, true);
      response.end('secret');
    });
    app.use((request, response) => {
      record(request, false);
      response.end('hello');
    });
    return app;
  }
  if (behind === 'fastify') {
    let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
    const app = Fastify({
      // A router that makes one slash of two needs a policy that does so first.
      routerOptions: { ignoreDuplicateSlashes: mode !== 'BASE' },
      serverFactory: (given) => {
        handle = given;
        return createServer();
      },
    });
    const methods = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'];
    for (const url of ['/admin', '/admin/*'])
      app.route({
        method: methods,
        url,
        handler: (request) => {
          record(request.raw, true);
          return 'secret';
        },
      });
    app.setNotFoundHandler((request, reply) => {
      record(request.raw, false);
      return reply.code(200).send('hello');
    });
    await app.ready();
    t.after(() => app.close());
    return (request: IncomingMessage, response: ServerResponse) => handle(request, response);
  }
  return createServer((request, response) => {
    record(request, false);
    response.end('hello');
  });
}

const get = (target: string, ...fields: string[]) =>
  [
    'GET ',
    target,
    ' HTTP/1.1\r\n',
    ['host: shop', ...fields].join('\r\n'),
    '\r\nconnection: close\r\n\r\n',
  ].join('');

const TARGETS = [
  ...[
    '/admin',
    '/admin/',
    '/admin/x',
    '/admin?x',
    '/admin/../admin',
    '/./admin',
    '/x/../admin',
    '/x/./../admin',
  ],
  ...['/%61dmin', '/%61%64%6d%69%6e', '/adm%69n/x', '/x/%2e%2e/admin', '/x/%2E./admin', '/x/.%2e/admin/x'],
  ...[
    '/x%2f..%2fadmin',
    '/x/..%2fadmin',
    '/x/%2e%2e%2fadmin',
    '/admin%2fx',
    '/%2fadmin',
    '/admin%2f',
    '/x%5c..%5cadmin',
  ],
  ...['\\admin', '/\\admin', '/x\\..\\admin', '/x/..\\admin', '/..\\admin', '/%5cadmin', '/admin%5cx'],
  ...[
    '//admin',
    '///admin',
    '/x//../admin',
    '//x/../admin',
    '//admin//x',
    '/admin//',
    '/.//admin',
    '/x/..//admin',
  ],
  ...['/x/..;/admin', '/..;/admin', '/admin;x', '/admin;/x', '/x;/../admin', '/admin/..;/', '/;/admin'],
  ...[
    '/%2561dmin',
    '/x/%252e%252e/admin',
    '/%25%36%31dmin',
    '/x%252f..%252fadmin',
    '/%252fadmin',
    '/admin%252fx',
  ],
  ...[
    '/admin%00',
    '/admin%00x',
    '/%00/../admin',
    '/admin%20',
    '/admin%09',
    '/admin%0a',
    '/admin%0d%0a',
    '/admin%3fx',
  ],
  ...[
    '/admin%23',
    '/admin%',
    '/admin%zz',
    '/%c0%af',
    '/x%c0%af..%c0%afadmin',
    '/%e0%80%af/admin',
    '/admin%3b',
  ],
  ...[
    '/admin#x',
    '/#/../admin',
    '/x#/admin',
    '/admin\x00',
    '/ad\x01min',
    '/admin\x7f',
    '/admin\t',
    '/admin\xa0',
  ],
  ...[
    '/admin.',
    '/admin..',
    '/admin/.',
    '/admin/..',
    '/admin/...',
    '/...//admin',
    '/admin/./x',
    '/a/../../admin',
  ],
  ...[
    'http://shop/admin',
    'http://shop//admin',
    'http://shop/x/../admin',
    'http://shop/%61dmin',
    'HTTP://SHOP/admin',
  ],
  ...[
    'http://other/admin',
    'http://shop:80/admin',
    'http://shop@other/admin',
    'http://shop?/admin',
    'http://shop#/admin',
  ],
  ...[
    'http://internal/',
    'https://internal/',
    'http:/admin',
    'http:admin',
    'ftp://shop/admin',
    'javascript:/admin',
  ],
  ...['*', '*/admin', 'admin', '?/admin', ';/admin', '', ' /admin', '/admin /x', '/x /admin', '%2fadmin'],
];

for (const behind of ['express', 'fastify', 'http'] as const)
  for (const pathNormalization of ['BASE', 'DECODE_AND_MERGE_SLASHES'] as const)
    test(`${behind}, ${pathNormalization}: however a path is written, what policy closes stays closed`, async (t) => {
      const { say, check } = await guard(t, behind, { pathNormalization });
      let served = 0;
      for (const target of TARGETS) {
        await say(get(target));
        served += check(target).length;
      }
      assert.ok(served > 10, 'nothing came through, so nothing was shown');
    });

test('a path of any length is served as it was checked, or refused', async (t) => {
  const { statuses, check } = await guard(t, 'express');
  const dots = '/x/..'.repeat(2_000);
  for (const target of [`/${'a'.repeat(60_000)}`, `/${'a/../'.repeat(6_000)}admin`, `${dots}/admin`])
    assert.ok(['200', '403', '431'].includes(String((await statuses(get(target)))[0])), target.slice(0, 20));
  assert.deepEqual(
    check('long').map(({ url }) => url.length),
    [60_001],
  );
  // The answer is 431, which a reset overtakes where the rest of the head is still on its way.
  const [status = 431] = await statuses(get(`/${'a'.repeat(200_000)}`));
  assert.equal(status, 431);
  assert.equal(check('too long').length, 0);
});

test('hosts: capitals, ports, dots, two of them, none, and one against another', async (t) => {
  const { statuses, check } = await guard(t, 'express');
  const head = (...fields: string[]) =>
    `GET / HTTP/1.1\r\n${fields.join('\r\n')}\r\nconnection: close\r\n\r\n`;
  for (const [fields, expected] of [
    [['host: shop'], 200],
    [['host: internal'], 403],
    [['host: INTERNAL'], 403],
    [['Host: Internal:8080'], 403],
    [['host: internal.'], 403],
    [['host: \t internal \t'], 403],
    [['host: shop', 'host: internal'], 400],
    [['host: internal', 'Host: shop'], 400],
    [['host: shop, internal'], 400],
    [['host: shop internal'], 400],
    [['host: shop/internal'], 400],
    [['host: shop@internal'], 400],
    [['host: shop#internal'], 400],
    [['host: internal%00'], 400],
    [['host: int\xe9rnal'], 400],
    [['host:'], 400],
    [['x: y'], 400],
    [['host : internal'], 400],
    [['x-forwarded-host: internal', 'host: shop'], 200],
  ] as [string[], number][]) {
    assert.deepEqual(await statuses(head(...fields)), [expected], fields.join(' | '));
    check(fields.join());
  }
  // A host that no policy names: HTTP/1.0 may leave it out, and every rule still holds.
  assert.deepEqual(await statuses('GET /admin HTTP/1.0\r\n\r\n'), [403]);
  assert.deepEqual(await statuses('GET /x HTTP/1.0\r\n\r\n'), [200]);
  assert.deepEqual(
    await statuses('GET http://internal/ HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n'),
    [400],
  );
  assert.deepEqual(
    await statuses('GET http://internal/ HTTP/1.1\r\nhost: internal\r\nconnection: close\r\n\r\n'),
    [403],
  );
  check('HTTP/1.0');
});

test('where one message ends and the next begins is not open to two readings', async (t) => {
  const { statuses, check } = await guard(t, 'express');
  const second = 'GET /admin HTTP/1.1\r\nhost: shop\r\n\r\n';
  const post = (fields: string, body: string) => `POST /x HTTP/1.1\r\nhost: shop\r\n${fields}\r\n\r\n${body}`;
  for (const [fields, body] of [
    ['transfer-encoding: chunked\r\ncontent-length: 4', `0\r\n\r\n${second}`],
    ['content-length: 4\r\ntransfer-encoding: chunked', `0\r\n\r\n${second}`],
    ['content-length: 0\r\ncontent-length: 40', second],
    ['content-length: 0, 40', second],
    ['content-length: +0', second],
    ['content-length: 0x0', second],
    ['content-length: -1', second],
    ['content-length: 99999999999999999999', second],
    ['transfer-encoding: xchunked', `0\r\n\r\n${second}`],
    ['transfer-encoding: chunked, identity', `0\r\n\r\n${second}`],
    ['transfer-encoding: identity, chunked', `0\r\n\r\n${second}`],
    ['transfer-encoding: chunked\r\ntransfer-encoding: identity', `0\r\n\r\n${second}`],
    ['transfer-encoding: gzip', second],
    ['transfer-encoding: "chunked"', `0\r\n\r\n${second}`],
    ['transfer-encoding : chunked', `0\r\n\r\n${second}`],
    ['transfer-encoding:\x0bchunked', `0\r\n\r\n${second}`],
    ['x: y\r\n transfer-encoding: chunked', `0\r\n\r\n${second}`],
    ['x: y\n\ttransfer-encoding: chunked', `0\r\n\r\n${second}`],
    ['transfer-encoding: chunked', `0 \r\n\r\n${second}`],
    ['transfer-encoding: chunked', `0x0\r\n\r\n${second}`],
    ['transfer-encoding: chunked', `1\r\nab0\r\n\r\n${second}`],
    ['transfer-encoding: chunked', `-1\r\n\r\n${second}`],
    ['transfer-encoding: chunked', `ffffffffffffffff1\r\n\r\n${second}`],
    ['x\r: y', second],
    ['x: y\rtransfer-encoding: chunked', second],
    ['x: a\x00b', second],
    ['\x00: a', second],
    [': a', second],
    ['a b: c', second],
  ]) {
    const sent = post(fields!, body!);
    // The next message is refused as any other, or never read as one.
    for (const status of await statuses(sent, true))
      assert.ok([200, 400, 403, 413, 501].includes(status), `${status} for ${sent}`);
    for (const { url } of check(sent)) assert.equal(url, '/x');
  }
  // In one piece, with spaces: the coding is what it is.
  assert.deepEqual(
    await statuses(post('transfer-encoding:  chunked \r\nconnection: close', '0\r\n\r\n')),
    [200],
  );
  check('chunked');
});

test('each of several requests in one piece is judged by itself', async (t) => {
  const { statuses, check } = await guard(t, 'express');
  const one = (target: string) => `GET ${target} HTTP/1.1\r\nhost: shop\r\n\r\n`;
  const sent = one('/admin') + one('/a') + one('/admin/x') + get('/b');
  assert.deepEqual(await statuses(sent), [403, 200, 403, 200]);
  assert.deepEqual(
    check(sent).map(({ url }) => url),
    ['/a', '/b'],
  );
});

test('methods: capitals count, headers that name another one are only headers, CONNECT leads nowhere', async (t) => {
  const { statuses, check } = await guard(t, 'express');
  const ask = (line: string, ...fields: string[]) =>
    statuses(`${line} HTTP/1.1\r\nhost: shop\r\n${['connection: close', ...fields].join('\r\n')}\r\n\r\n`);
  assert.deepEqual(await ask('DELETE /x'), [403]);
  assert.deepEqual(await ask('delete /x'), [400]);
  assert.deepEqual(await ask('Delete /x'), [400]);
  assert.deepEqual(await ask('DELETE\t/x'), [400]);
  assert.deepEqual(await ask('PRI *'), [400]);
  assert.deepEqual(await ask('GET /x', 'x-http-method-override: DELETE'), [200]);
  assert.equal(check('override')[0]?.method, 'GET');
  assert.deepEqual(await ask('OPTIONS *'), [200]);
  assert.deepEqual(
    check('OPTIONS *').map(({ url }) => url),
    ['*'],
  );
  assert.deepEqual(await ask('GET *'), [400]);
  for (const target of ['internal:80', 'shop:80', '/admin'])
    assert.deepEqual(await ask(`CONNECT ${target}`), []);
  assert.deepEqual(check('CONNECT'), []);
});

test('an upgrade is a request like any other', async (t) => {
  const { statuses, check } = await guard(t, 'express');
  for (const protocol of ['websocket', 'h2c', 'TLS/1.0']) {
    const sent = (target: string) =>
      get(target, `upgrade: ${protocol}`).replace('connection: close', 'connection: upgrade, close');
    assert.deepEqual(await statuses(sent('/admin')), [403]);
    assert.deepEqual(await statuses(sent('/x')), [200]);
    check(protocol);
  }
});

test('who may not come in is not told to send on', async (t) => {
  const { say, check } = await guard(t, 'express');
  const sent = (target: string) =>
    `POST ${target} HTTP/1.1\r\nhost: shop\r\nexpect: 100-continue\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello`;
  assert.doesNotMatch(await say(sent('/admin')), /100 Continue|200 OK/);
  assert.match(await say(sent('/x')), /100 Continue[\s\S]*200 OK/);
  check('100-continue');
});

test('who one is, and what proxies say of that, nobody can say of himself', async (t) => {
  const { statuses, check, say } = await guard(t, 'express');
  const forged = [
    'X-Forwarded-Client-Cert: By=spiffe://cluster.local/ns/shop/sa/shop;URI=spiffe://cluster.local/ns/istio-system/sa/admin',
    'x-forwarded-client-cert: Hash=1',
    'X-FORWARDED-CLIENT-CERT: Hash=2',
    'x-envoy-external-address: 10.0.0.1',
    'x-envoy-internal: true',
    'X-Envoy-Original-Path: /admin',
    'x-heddle-anything: 1',
  ];
  assert.deepEqual(await statuses(get('/x', ...forged)), [200]);
  const [seen] = check('forged');
  assert.equal(/client-cert|x-envoy|x-heddle/i.test(seen!.rawHeaders.join('\n')), false);
  for (const name in seen!.headers) assert.doesNotMatch(name, /client-cert|x-envoy|x-heddle/);
  // With an underscore it is another field, to us and to the handler.
  await say(get('/x', 'x_forwarded_client_cert: Hash=1'));
  assert.equal(check('underscore')[0]?.headers['x-forwarded-client-cert'], undefined);
  // Behind the body it is no header.
  const trailer =
    'POST /x HTTP/1.1\r\nhost: shop\r\ntransfer-encoding: chunked\r\ntrailer: x-forwarded-client-cert\r\nconnection: close\r\n\r\n0\r\nx-forwarded-client-cert: Hash=1\r\n\r\n';
  await say(trailer);
  assert.equal(check('trailer')[0]?.headers['x-forwarded-client-cert'], undefined);
});

test('where one comes from is what the outermost trusted proxy has written, and nothing before it', async (t) => {
  const direct = await guard(t, 'express');
  assert.deepEqual(await direct.statuses(get('/x', 'x-forwarded-for: 10.0.0.1')), [200]);
  const proxied = await guard(t, 'express', { trustedHops: 1 });
  for (const [value, status] of [
    ['10.0.0.1', 403],
    ['10.0.0.1, 192.0.2.1', 200],
    ['192.0.2.1, 10.0.0.1', 403],
    ['192.0.2.1,10.0.0.1 ', 403],
    ['::ffff:10.0.0.1', 403],
    ['192.0.2.1, ', 200],
    ['192.0.2.1, not-an-address', 200],
  ] as const)
    assert.deepEqual(await proxied.statuses(get('/x', `x-forwarded-for: ${value}`)), [status], value);
  const two = get('/x', 'x-forwarded-for: 192.0.2.1', 'X-Forwarded-For: 10.0.0.1');
  assert.deepEqual(await proxied.statuses(two), [403]);
});

test('tokens: unsigned, signed with what is no secret, two at once, one claim twice, and headers that only tokens fill', async (t) => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' };
  const { statuses, seen } = await guard(t, 'express', {
    policy: `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: users, namespace: shop }
spec:
  jwtRules:
    - issuer: https://issuer.example
      jwks: '${JSON.stringify({ keys: [jwk] })}'
      outputPayloadToHeader: x-payload
      outputClaimToHeaders: [{ header: X-Role, claim: role }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: users, namespace: shop }
spec:
  rules: [{ from: [{ source: { requestPrincipals: ['https://issuer.example/alice'] } }] }]
`,
  });
  const claims = { iss: 'https://issuer.example', sub: 'alice', exp: 4_000_000_000 };
  const part = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const sign = (text: string | object) =>
    new SignJWT(typeof text === 'string' ? {} : (text as Record<string, unknown>))
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .sign(privateKey);
  const good = await sign(claims);
  const asSecret = new TextEncoder().encode(JSON.stringify(jwk));
  const confused = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'k' }).sign(asSecret);
  const bob = await sign({ ...claims, sub: 'bob' });
  const [head, , signature] = good.split('.');
  const ask = (token: string, ...fields: string[]) =>
    statuses(get('/x', `authorization: Bearer ${token}`, ...fields));
  assert.deepEqual(await statuses(get('/x')), [403]);
  for (const bad of [
    `${part({ alg: 'none' })}.${part(claims)}.`,
    `${part({ alg: 'none' })}.${part(claims)}.x`,
    `${part({ alg: 'None', kid: 'k' })}.${part(claims)}.${signature}`,
    confused,
    `${head}.${part(claims)}.`,
    `${head}.${part({ ...claims, exp: 4_000_000_001 })}.${signature}`,
    // The last of the two would count, and neither is signed.
    `${head}.${part('{"iss":"https://issuer.example","sub":"bob","sub":"alice","exp":4000000000}')}.${signature}`,
  ])
    assert.deepEqual(await ask(bad), [401], bad.slice(0, 60));
  assert.deepEqual(await ask(bob), [403]);
  // A second field of that name is not read by Node, nor by us; a second token elsewhere has to be good, too.
  assert.deepEqual(await ask(bob, `authorization: Bearer ${good}`), [403]);
  assert.deepEqual(
    await statuses(get(`/x?access_token=${bob.slice(0, -9)}`, `authorization: Bearer ${good}`)),
    [401],
  );
  assert.equal(seen.length, 0);
  assert.deepEqual(
    await ask(good, 'x-role: admin', 'X-ROLE: admin', 'X-Payload: forged', 'connection: x-role'),
    [200],
  );
  assert.equal(seen[0]?.headers['x-role'], undefined);
  assert.equal(seen[0]?.rawHeaders.join('\n').includes('admin'), false);
  assert.notEqual(seen[0]?.headers['x-payload'], 'forged');
  assert.equal(seen[0]?.headers.authorization, undefined);
});

test('nobody is let in by one line of policy', async (t) => {
  const { statuses, seen } = await guard(t, 'express', {
    policy:
      '{ apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: { name: closed, namespace: shop } }\n',
  });
  for (const target of ['/', '/x', '*'])
    assert.deepEqual(await statuses(get(target).replace('GET *', 'OPTIONS *')), [403]);
  assert.equal(seen.length, 0);
});
