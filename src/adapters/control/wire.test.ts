import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMeshError } from '../../base/errors.js';
import { refusal } from './answer.js';
import { parseBundleResponse, parseControlMessage, parseSvidResponse } from './wire.js';

test('a message that is as agreed is taken, with fields of a newer service', () => {
  const message = { type: 'welcome', protocol: 1, pingMs: 1000, mood: 'good' };
  assert.equal(parseControlMessage(JSON.stringify(message)).type, 'welcome');
});

test('a message that is not as agreed is refused by the name of its field', () => {
  assert.throws(() => parseControlMessage('{"type":"update","revision":-1}'), /revision: .*upsert: /s);
  assert.throws(() => parseControlMessage('{"type":"sing"}'), /policy stream/);
  assert.throws(() => parseBundleResponse({ trustDomain: 'a b', roots: ['x'] }), /trustDomain: /);
  assert.throws(() => parseSvidResponse({ spiffeId: 'x', chain: [] }), /chain: /);
});

test('no input whatsoever throws anything else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      try {
        parseControlMessage(line);
      } catch (error) {
        assert.ok(isMeshError(error, 'HEDDLE_PROTOCOL_ERROR'));
      }
    }),
  );
});

test("a refusal keeps the service's words on one line of bounded length, and says what to do about a token", () => {
  const error = refusal(
    401,
    { error: { message: `the token\nhas expired${'!'.repeat(2000)}` } },
    'a certificate',
  );
  assert.equal(error.code, 'HEDDLE_DENIED');
  assert.match(error.message, /\(401\): the token has expired!+\. .*heddle token create/);
  assert.ok(error.message.length < 900);
  assert.match(refusal(503, 'busy', 'a certificate').message, /answered 503 to a certificate: busy/);
});
