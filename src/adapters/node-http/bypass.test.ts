import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { denyPaths, inboundPolicy, RawClient, TestPath, until } from '../../inbound/fixtures.test.js';
import { handler } from './index.js';

/** Pieces of which targets are made that some server has once read differently from its guard. */
const pieces = fc.constantFrom(
  ...[
    'admin',
    'ADMIN',
    'open',
    '/',
    '//',
    '/./',
    '/../',
    '..',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5C',
    '\\',
    '%61dmin',
    'adm%69n',
  ],
  ...[
    ';',
    ';x=/..',
    '?',
    '#',
    '%',
    '%00',
    '%zz',
    'http://reviews',
    'http://other',
    '*',
    '\t',
    '\u00e9',
    '%25%32%65',
  ],
);
const targets = fc
  .array(pieces, { minLength: 1, maxLength: 7 })
  .map((parts) => `/${parts.join('')}`.replace(/^\/(?=http|\*)/, ''));
const fields = [
  ...['host: other', 'Host: REVIEWS', 'host:', 'host : reviews', ' host: reviews'],
  ...['content-length: 5', 'content-length: 0', 'transfer-encoding: chunked', 'transfer-encoding: x'],
  ...['x-original-url: /admin', 'x-rewrite-url: /admin', 'upgrade: h2c', 'connection: upgrade'],
  'expect: 100-continue',
];
const heads = fc.subarray(fields, { maxLength: 3 });

/** What an Express application would route by: the path, decoded once. */
function routed(url: string): string {
  const path = url.split('?')[0] ?? '';
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

test('whatever the head, no handler sees the path that policy closes, and every exchange that begins ends', async (t) => {
  const closed = ['/admin', '/admin/*'];
  const policy = inboundPolicy({
    authorization: denyPaths(...closed),
    pathNormalization: 'DECODE_AND_MERGE_SLASHES',
  });
  const mesh = new TestPath(policy);
  const served: string[] = [];
  let count = 0;
  const server = createServer(
    handler(mesh.path, (request, response) => {
      served.push(request.url ?? '');
      count += 1;
      response.end();
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const property = fc.asyncProperty(targets, heads, async (target, head) => {
    const caller = await RawClient.connect(port);
    caller.socket.end(
      `GET ${target} HTTP/1.1\r\n${['host: reviews', ...head].join('\r\n')}\r\n\r\nhello`,
      'latin1',
    );
    await caller.closed;
    await until(() => mesh.ended.length === mesh.started.length);
    for (const url of served.splice(0)) {
      const path = routed(url);
      assert.equal(path === '/admin' || path.startsWith('/admin/'), false, `${target} was served as ${url}`);
      assert.doesNotMatch(path, /\/\.\.?(\/|$)/, `${target} was served as ${url}`);
    }
  });
  await fc.assert(property, { numRuns: 300 });
  // Else it would have shown nothing.
  assert.ok(count > 0);
  assert.equal(mesh.path.open.size, 0);
});
