import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderFields } from 'heddle/ports';
import { InMemoryTransport, never, newAttempt, newDestination, transportContract } from './index.js';

transportContract('InMemoryTransport', async (backend) => {
  const transport = new InMemoryTransport();
  const destination = newDestination();
  transport.handle(destination.endpoint.key, async ({ method, path, headers, body }) => {
    const answer = await backend({ method, path, headers, body: Buffer.from(body).toString('utf8') });
    return answer === 'drop'
      ? { reset: 'connection-termination' }
      : { ...answer, headers: (answer.headers ?? {}) as HeaderFields };
  });
  return { transport, destination, nowhere: newDestination({ port: 1 }), async close() {} };
});

test('the star plays every endpoint without a handler of its own, and requests are remembered', async () => {
  const transport = new InMemoryTransport().handle('*', () => 204).handle('10.0.0.2:8080', () => 500);
  const status = async (address: string) => {
    const outcome = await transport.send(newAttempt({ address, path: `/${address}` }));
    return outcome.kind === 'response' ? outcome.status : outcome.kind;
  };
  assert.equal(await status('10.0.0.1'), 204);
  assert.equal(await status('10.0.0.2'), 500);
  assert.deepEqual(
    transport.requests.map((request) => request.path),
    ['/10.0.0.1', '/10.0.0.2'],
  );
});

test('a handler that throws is a lost connection, one that never answers waits until it is stopped', async () => {
  const transport = new InMemoryTransport()
    .handle('10.0.0.1:8080', () => {
      throw new Error('broken');
    })
    .handle('10.0.0.2:8080', never);
  assert.equal((await transport.send(newAttempt())).kind, 'failed');
  const attempt = newAttempt({ address: '10.0.0.2' });
  const sending = transport.send(attempt);
  attempt.cancel('deadline');
  const outcome = await sending;
  assert.ok(outcome.kind === 'failed' && outcome.reset === 'timeout');
});

test('after close nothing is sent, and what was retained can be read', async () => {
  const transport = new InMemoryTransport().handle('*', () => 200);
  assert.equal(transport.retained, null);
  const destination = newDestination();
  transport.retain([destination]);
  assert.deepEqual([...transport.retained!], [destination.key]);
  await transport.close();
  const outcome = await transport.send(newAttempt());
  assert.ok(outcome.kind === 'failed' && outcome.code === 'HEDDLE_CLOSED');
  assert.equal(transport.requests.length, 0);
});
