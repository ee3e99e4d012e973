import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { grpcStatusOf, isGrpc, MessageCount, methodOf } from './grpc.js';

test('a call is told by its content type, and gRPC-Web is none', () => {
  for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc; charset=x'])
    assert.equal(isGrpc(type), true, type);
  for (const type of [
    undefined,
    '',
    'application/grpc-web',
    'application/grpcx',
    'text/plain',
    ['application/grpc'],
  ])
    assert.equal(isGrpc(type), false, String(type));
});

test('a status is one of seventeen numbers, or none', () => {
  assert.deepEqual(['0', '7', '16', 7].map(grpcStatusOf), [0, 7, 16, 7]);
  assert.deepEqual(['', '17', '-1', '07', undefined, ['0'], null].map(grpcStatusOf), Array(7).fill(null));
});

test('messages are counted, whatever pieces they come in', () => {
  const pieces = fc.array(fc.nat({ max: 700 }), { maxLength: 20 });
  fc.assert(
    fc.property(pieces, fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (sizes, steps) => {
      const all = Buffer.concat(
        sizes.map((size) => {
          const message = Buffer.alloc(5 + size, 1);
          message.writeUInt32BE(size, 1);
          return message;
        }),
      );
      const messages = new MessageCount();
      for (let at = 0, turn = 0; at < all.length; turn += 1) {
        const step = steps[turn % steps.length]!;
        messages.add(all.subarray(at, at + step));
        at += step;
      }
      assert.equal(messages.count, sizes.length);
    }),
  );
});

test('a path names a service and a method, or nothing', () => {
  assert.deepEqual(methodOf('/test.Echo/One'), { service: 'test.Echo', method: 'One' });
  assert.deepEqual(methodOf('/a/b/C'), { service: 'a/b', method: 'C' });
  for (const path of ['', '/', '//', '/a', '/a/', '*', `/${'a'.repeat(600)}/b`])
    assert.equal(methodOf(path), null);
});
