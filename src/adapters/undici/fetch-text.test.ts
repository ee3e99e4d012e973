import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { TextFetcher } from './fetch-text.js';

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function fetcherFor(t: TestContext) {
  const fetcher = new TextFetcher();
  t.after(() => fetcher.close());
  const { signal } = new AbortController();
  return (url: string, options: { maxLength?: number; signal?: AbortSignal } = {}) =>
    fetcher.fetch(url, { maxLength: 1_000, signal, ...options });
}

test('a text is fetched, and redirects are followed, but not for ever', async (t) => {
  const url = await serve(t, ({ url, headers }, response) => {
    if (url?.startsWith('/loop')) response.writeHead(302, { location: `${url}o` }).end();
    else if (url === '/moved') response.writeHead(302, { location: '/here' }).end();
    else response.end(`${url} ${headers.accept}`);
  });
  const fetch = fetcherFor(t);
  assert.equal(await fetch(`${url}/here`), '/here application/json');
  assert.equal(await fetch(`${url}/moved`), '/here application/json');
  await assert.rejects(fetch(`${url}/loop`), /it answered 302/);
});

test('an answer that is no success, too long, or cut off is none', async (t) => {
  const url = await serve(t, ({ url }, response) => {
    if (url === '/long') response.end('x'.repeat(1_001));
    else if (url === '/cut') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('x');
      setImmediate(() => response.destroy());
    } else response.writeHead(404).end('secret');
  });
  const fetch = fetcherFor(t);
  await assert.rejects(fetch(`${url}/none`), /it answered 404, 200 was expected/);
  await assert.rejects(fetch(`${url}/long`), /longer than 1000 bytes/);
  await assert.rejects(fetch(`${url}/cut`));
});

test('whoever gives up does not wait for an answer', async (t) => {
  const giveUp = new AbortController();
  const url = await serve(t, () => giveUp.abort(new Error('enough')));
  await assert.rejects(fetcherFor(t)(url, { signal: giveUp.signal }), /enough/);
});

test('addresses where machines answer with their own secrets are never asked, redirected or not', async (t) => {
  const url = await serve(t, (_request, response) => {
    response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
  });
  const fetch = fetcherFor(t);
  for (const place of [
    'http://169.254.169.254/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    // The same by way of NAT64, 6to4, Teredo, and IPv4 written as IPv6.
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[64:ff9b:1:a9fe:a9:fe00::]/',
    'http://[64:ff9b:1:0:a9:fea9:fe00:0]/',
    'http://[2002:a9fe:a9fe::1]/',
    'http://[2001:0:1:2:3:4:5601:5601]/',
    'http://[::a9fe:a9fe]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:0:169.254.169.254]/',
    `${url}/`,
  ])
    await assert.rejects(fetch(place), /never one of keys/, place);
});

test('closing ends what is under way', async (t) => {
  const fetcher = new TextFetcher();
  const { signal } = new AbortController();
  const url = await serve(t, () => void fetcher.close());
  await assert.rejects(fetcher.fetch(url, { maxLength: 10, signal }));
});
