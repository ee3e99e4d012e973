import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from '../../base/errors.js';
import { parseHead, type RequestHead } from './request-head.js';

const FALLBACK = { scheme: 'http', authority: 'fallback:81' } as const;

function parsed(...lines: string[]): RequestHead {
  return parseHead(lines.join('\r\n'), FALLBACK);
}

function refusal(...lines: string[]): string {
  try {
    parsed(...lines);
  } catch (error) {
    assert.ok(isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'), String(error));
    return error.message;
  }
  throw new Error(`taken: ${lines}`);
}

test('a head becomes method, authority, path and the fields that are for the server', () => {
  const head = parsed('POST /a?b=c HTTP/1.1', 'Host: reviews:9080', 'X-One: 1', 'x-two:2', 'X-ONE: 3');
  assert.equal(head.method, 'POST');
  assert.equal(head.authority, 'reviews:9080');
  assert.equal(head.path, '/a?b=c');
  assert.deepEqual({ ...head.headers }, { 'x-one': ['1', '3'], 'x-two': '2' });
  assert.equal(head.framing, 'none');
});

test('fields of the connection, and those that Connection names, go no further', () => {
  const head = parsed(
    'GET / HTTP/1.1',
    'Host: a',
    'Connection: close, X-Hop',
    'X-Hop: 1',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'TE: trailers',
    'Upgrade: websocket',
    'Expect: 100-Continue',
  );
  assert.deepEqual({ ...head.headers }, {});
  assert.deepEqual([head.close, head.expectsContinue, head.upgrade], [true, true, undefined]);
});

test('an upgrade is one if Connection says so too', () => {
  const head = parsed('GET / HTTP/1.1', 'Host: a', 'Connection: keep-alive, Upgrade', 'Upgrade: websocket');
  assert.equal(head.upgrade, 'websocket');
});

test('without Host the options say where, and a scheme’s own port is none', () => {
  assert.equal(parsed('GET / HTTP/1.1').authority, 'fallback:81');
  assert.equal(parsed('GET / HTTP/1.1', 'Host: a:80').authority, 'a');
  assert.equal(parsed('GET / HTTP/1.1', 'Host: [::1]:80').authority, '[::1]');
  const secure = { scheme: 'https', authority: 'a:443' } as const;
  assert.equal(parseHead('GET / HTTP/1.1', secure).authority, 'a');
  assert.equal(parseHead('GET / HTTP/1.1\r\nHost: a:80', secure).authority, 'a:80');
});

test('an absolute target says more than Host', () => {
  const head = parsed('GET https://b.test:8443?q=1 HTTP/1.1', 'Host: a');
  assert.deepEqual([head.scheme, head.authority, head.path], ['https', 'b.test:8443', '/?q=1']);
  const plain = parsed('GET HTTP://b.test/x HTTP/1.1', 'Host: a');
  assert.deepEqual([plain.scheme, plain.authority, plain.path], ['http', 'b.test', '/x']);
});

test('the body is framed by its length, or by chunks, which win', () => {
  const counted = parsed('POST / HTTP/1.1', 'Content-Length: 12', 'Content-Length: 12');
  assert.deepEqual([counted.framing, counted.headers['content-length']], [12, '12']);
  const chunked = parsed('POST / HTTP/1.1', 'Transfer-Encoding: Chunked', 'Content-Length: 12');
  assert.deepEqual([chunked.framing, chunked.headers['content-length']], ['chunked', undefined]);
});

test('what the mesh does not carry is refused with a reason', () => {
  assert.match(refusal('CONNECT db:5432 HTTP/1.1', 'Host: db:5432'), /mesh\.connect\('db:5432'\)/);
  assert.match(refusal('OPTIONS * HTTP/1.1'), /'\*', which is neither a path nor a URL/);
  assert.match(refusal('GET path HTTP/1.1'), /neither a path nor a URL/);
  assert.match(refusal('GET http://user@host/ HTTP/1.1'), /neither a path nor a URL/);
  assert.match(refusal('POST / HTTP/1.1', 'Transfer-Encoding: gzip, chunked'), /only 'chunked'/);
  assert.match(refusal('POST / HTTP/1.1', 'Content-Length: 1', 'Content-Length: 2'), /several values/);
  assert.match(refusal('POST / HTTP/1.1', 'Content-Length: 0x10'), /content-length/);
  assert.match(refusal('GET / HTTP/1.1', 'Host: a', 'Host: b'), /several values of 'host'/);
  assert.match(refusal('GET /a b HTTP/1.1'), /request line/);
  assert.match(refusal('GET'), /request line/);
  assert.match(refusal('GET / HTTP/1.1', 'no colon'), /colon/);
  assert.match(refusal('GET / HTTP/1.1', ': empty'), /colon/);
});

test('blanks around a value are no part of it; any other byte is', () => {
  const { headers } = parsed('GET / HTTP/1.1', 'Host: a', 'X-Name: \t\xc3\xa0 ', 'X-Space: \xa0');
  assert.equal(headers['x-name'], '\xc3\xa0');
  assert.equal(headers['x-space'], '\xa0');
});
