import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from 'heddle/ports';
import { targetOf } from './endpoint.js';
import { workloadApi } from './index.js';

test('Unix sockets and IP addresses are endpoints', () => {
  assert.equal(targetOf('unix:///run/spire/agent.sock'), 'unix:/run/spire/agent.sock');
  assert.equal(targetOf('unix:/run/spire/agent.sock'), 'unix:/run/spire/agent.sock');
  assert.equal(targetOf('unix:///run/with%20space'), 'unix:/run/with space');
  assert.equal(targetOf('tcp://127.0.0.1:8081'), '127.0.0.1:8081');
  assert.equal(targetOf('tcp://[::1]:8081'), '[::1]:8081');
});

// @source SPIFFE Workload Endpoint §4
for (const wrong of [
  '',
  '/run/agent.sock',
  'unix://host/run/agent.sock',
  'unix:///',
  'unix:///run/agent.sock?x',
  'unix:///run/agent.sock#x',
  'unix://user@/run/agent.sock',
  'tcp://localhost:8081',
  'tcp://127.0.0.1',
  'tcp://127.0.0.1:8081/path',
  'http://127.0.0.1:8081',
]) {
  test(`"${wrong}" is no endpoint`, () => {
    assert.throws(
      () => targetOf(wrong),
      (error) => isMeshError(error, 'HEDDLE_INVALID_SETTING') && /SPIFFE_ENDPOINT_SOCKET/.test(error.message),
    );
  });
}

test('without an endpoint it is said which variable to set', () => {
  const before = process.env.SPIFFE_ENDPOINT_SOCKET;
  delete process.env.SPIFFE_ENDPOINT_SOCKET;
  try {
    assert.throws(() => workloadApi(), /HEDDLE_INVALID_SETTING.*set SPIFFE_ENDPOINT_SOCKET/);
  } finally {
    if (before !== undefined) process.env.SPIFFE_ENDPOINT_SOCKET = before;
  }
});
