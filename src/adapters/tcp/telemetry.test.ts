/** What telemetry is told of connections that are not HTTP. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Telemetry } from '../../ports/telemetry.js';
import { deadPort } from '../outbound.test.helper.js';
import { at, echo, readAll, refusalOf, tcpMesh } from './fixtures.test.helper.js';

function watching() {
  const told: unknown[] = [];
  const telemetry: Pick<Telemetry, 'tcpConnected'> = {
    tcpConnected(destination, bytes) {
      told.push(['opened', destination.endpoint.port]);
      return (flags = new Set()) =>
        void told.push(['closed', [...flags], bytes.bytesWritten, bytes.bytesRead]);
    },
  };
  return { told, telemetry };
}

test('a connection is told of when it opens, and when it closes with the bytes that it carried', async (t) => {
  const { told, telemetry } = watching();
  const port = await echo(t);
  const { connect } = tcpMesh(t, { endpoints: [at(port)] }, { telemetry });
  const stream = await connect('reviews:80');
  assert.deepEqual(told, [['opened', port]]);
  const closed = once(stream, 'close');
  stream.end('to and fro');
  assert.equal(await readAll(stream), 'to and fro');
  await closed;
  assert.deepEqual(told, [
    ['opened', port],
    ['closed', [], 10, 10],
  ]);
});

test('a connection that is not made is told of with why', async (t) => {
  const { told, telemetry } = watching();
  const port = await deadPort();
  const { connect } = tcpMesh(t, { endpoints: [at(port)] }, { telemetry });
  await refusalOf(connect('reviews:80'));
  assert.deepEqual(told, [
    ['opened', port],
    ['closed', ['UF'], 0, 0],
  ]);
});
