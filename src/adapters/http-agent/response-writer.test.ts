import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HeaderFields } from '../../base/headers.js';
import type { Responded } from '../../model/outcome.js';
import { ResponseBody } from '../../model/response-body.js';
import { renderHead, renderUpgrade } from './response-head.js';
import { ResponseWriter } from './response-writer.js';

function responded(status: number, headers: HeaderFields, body = ResponseBody.of('')): Responded {
  return { kind: 'response', status, statusText: '', headers, body };
}

const CONTEXT = { method: 'GET', close: false };

function head(status: number, headers: HeaderFields, context = CONTEXT): string {
  return renderHead(responded(status, headers), context).text;
}

/** What is written while `feed` gives the body. */
function written(headers: HeaderFields, feed: (body: ResponseBody) => void, status = 200) {
  const pieces: string[] = [];
  let end = '';
  let goesOn = true;
  const log: string[] = [];
  const body = new ResponseBody({
    pause: () => void log.push('pause'),
    resume: () => void log.push('resume'),
    abort: () => void log.push('abort'),
  });
  const target = {
    send: (bytes: Uint8Array) => {
      pieces.push(Buffer.from(bytes).toString('latin1'));
      return goesOn;
    },
    responseEnded: () => (end += 'ended'),
    responseFailed: (error: Error) => (end += error.message),
  };
  const stop = () => (goesOn = false);
  const writer = new ResponseWriter(target, renderHead(responded(status, headers), CONTEXT), body);
  const start = () => {
    feed(body);
    writer.start();
  };
  return { body, pieces, log, stop, start, end: () => end };
}

test('a repeated field is written as often as it came, and what is said of the connection is not', () => {
  const headers = { 'set-cookie': ['a=1', 'b=2'], connection: 'close', 'keep-alive': 'timeout=1', x: 'y' };
  assert.equal(
    head(200, { ...headers, 'content-length': '3' }),
    'HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx: y\r\ncontent-length: 3\r\n\r\n',
  );
});

test('a body without a length, or with trailers announced, comes in chunks; HEAD, 204 and 304 have none', () => {
  assert.match(head(200, {}), /transfer-encoding: chunked/);
  assert.match(
    head(200, { 'content-length': '1', trailer: 'x' }),
    /trailer: x\r\ntransfer-encoding: chunked\r\n/,
  );
  assert.match(head(200, { 'content-length': ['1', '2'] }), /transfer-encoding: chunked/);
  assert.match(head(200, { 'content-length': '7' }, { method: 'HEAD', close: false }), /content-length: 7/);
  assert.equal(head(204, { 'content-length': '7' }), 'HTTP/1.1 204 No Content\r\n\r\n');
  assert.equal(head(304, {}), 'HTTP/1.1 304 Not Modified\r\n\r\n');
});

test('a caller that wants the connection closed is told that it is', () => {
  assert.match(head(200, {}, { method: 'GET', close: true }), /\r\nconnection: close\r\n\r\n$/);
});

test('nothing in a field ends its line', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.string(),
      (name, value, reason) => {
        const text = renderHead({ ...responded(200, { [name]: value }), statusText: reason }, CONTEXT).text;
        const lines = text.split('\r\n');
        assert.ok(lines.length <= 5, text);
        for (const line of lines) assert.doesNotMatch(line, /[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/);
      },
    ),
  );
  // A character whose lower byte is a line end.
  const text = head(200, { x: 'a\u010ab\u010dc', y: 'caf\u00e9', z: 'a\r\nb: c\0' });
  assert.match(text, /\r\nx: a\xc4 b\xc4 c\r\n|\r\nx: a\xc4\x8ab\xc4\x8dc\r\n/);
  assert.match(text, /\r\ny: caf\xe9\r\nz: a {2}b: c \r\n/);
});

test('an upgrade names what the server agreed to, or what was asked for', () => {
  const fields = { 'sec-websocket-accept': 'x' };
  assert.equal(
    renderUpgrade(responded(101, { ...fields, upgrade: 'WebSocket', connection: 'Upgrade' }), 'websocket'),
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: WebSocket\r\nsec-websocket-accept: x\r\n\r\n',
  );
  assert.match(renderUpgrade(responded(101, fields), 'websocket'), /upgrade: websocket/);
});

test('what is at hand goes out in one piece with the head', () => {
  const { start, pieces, end } = written({ 'content-length': '5' }, (body) => {
    body.push(Buffer.from('hel'));
    body.push(Buffer.from('lo'));
    body.end();
  });
  start();
  assert.deepEqual(pieces, ['HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello']);
  assert.equal(end(), 'ended');
});

test('chunks, and trailers after the last of them', () => {
  const { start, pieces, body } = written({}, () => {});
  start();
  body.push(Buffer.from('hello'));
  body.push(Buffer.alloc(0));
  body.push(Buffer.alloc(20_000, 'x'));
  body.end({ checksum: 'abc' });
  assert.equal(
    pieces.slice(1).join(''),
    `5\r\nhello\r\n4e20\r\n${'x'.repeat(20_000)}\r\n0\r\nchecksum: abc\r\n\r\n`,
  );
});

test('a client that takes no more stops the body', () => {
  const { start, body, log, stop } = written({ 'content-length': '2' }, () => {});
  start();
  stop();
  body.push(Buffer.from('a'));
  assert.deepEqual(log, ['resume', 'pause']);
});

test('a body that is not as long as its head says is broken off', () => {
  const long = written({ 'content-length': '2' }, (body) => body.push(Buffer.from('abc')));
  long.start();
  assert.match(long.end(), /longer/);
  assert.equal(long.pieces.join('').endsWith('\r\n\r\n'), true);
  const short = written({ 'content-length': '2' }, (body) => {
    body.push(Buffer.from('a'));
    body.end();
  });
  short.start();
  assert.match(short.end(), /shorter/);
});

test('where there is no body, none is passed on', () => {
  const { start, pieces, end } = written(
    {},
    (body) => {
      body.push(Buffer.from('abc'));
      body.end();
    },
    204,
  );
  start();
  assert.deepEqual(pieces, ['HTTP/1.1 204 No Content\r\n\r\n']);
  assert.equal(end(), 'ended');
});
