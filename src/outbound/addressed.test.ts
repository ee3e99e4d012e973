import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationsOf } from './bind.js';
import { ALL, Bench, NOTHING, text } from './fixtures.test.helper.js';

test('where policy says ALLOW_ANY a call to an unknown host goes where its name says, over plain text as asked', async () => {
  const bench = new Bench({ outbound: 'ALLOW_ANY' });
  const { call, outcome } = await bench.begin({ authority: 'Example.com:8080' });
  const { destination } = bench.wire.last.attempt.endpoint;
  assert.deepEqual([destination.endpoint.address, destination.endpoint.port], ['Example.com', 8080]);
  assert.equal(destination.tls, null);
  assert.deepEqual([call.cluster, call.routeName], ['PassthroughCluster', 'allow_any']);
  bench.wire.last.respond(200, 'hello');
  const response = await outcome;
  assert.ok(response.kind === 'response');
  assert.equal(await text(response), 'hello');
  assert.deepEqual(bench.held(), NOTHING);
});

test('https is TLS to that very name, verified against it', async () => {
  const bench = new Bench({ outbound: 'ALLOW_ANY' });
  const { outcome } = await bench.begin({ scheme: 'https', authority: 'example.com' });
  const { tls, endpoint } = bench.wire.last.attempt.endpoint.destination;
  assert.deepEqual(
    [tls?.mode, tls?.sni, tls?.insecureSkipVerify, endpoint.port],
    ['simple', 'example.com', undefined, 443],
  );
  bench.wire.last.respond(204);
  await outcome;
});

test('https to an address asks for no server name', async () => {
  for (const authority of ['127.0.0.1:8443', '[::1]:8443']) {
    const bench = new Bench({ outbound: 'ALLOW_ANY' });
    const { outcome } = await bench.begin({ scheme: 'https', authority });
    const { tls, endpoint } = bench.wire.last.attempt.endpoint.destination;
    assert.deepEqual([tls?.sni, endpoint.key], ['', authority]);
    bench.wire.last.respond(204);
    await outcome;
  }
});

test('a failure is not retried, and known hosts keep their policy', async () => {
  const bench = new Bench({ outbound: 'ALLOW_ANY' });
  const { outcome } = await bench.begin({ authority: 'example.com' });
  bench.wire.last.fail('connection-failure', 'no');
  assert.equal((await outcome).kind, 'failed');
  assert.equal(bench.wire.sent.length, 1);
  const known = await bench.begin({ authority: 'reviews' });
  assert.match(known.call.cluster, /^outbound\|80\|\|reviews/);
  bench.wire.last.respond(204);
  await known.outcome;
});

test('a thousand hosts are remembered, no more; a policy that closes the mesh again forgets them all', async () => {
  const bench = new Bench({ outbound: 'ALLOW_ANY' });
  const known = [...destinationsOf(bench.outbound.snapshot!)].length;
  for (let i = 0; i < 1_010; i += 1) {
    const { outcome } = await bench.begin({ authority: `host-${i}.example` });
    bench.wire.last.fail('connection-failure', 'no');
    await outcome;
  }
  assert.equal([...destinationsOf(bench.outbound.snapshot!)].length, known + 1_000);
  bench.accept({ outbound: 'REGISTRY_ONLY' });
  assert.equal([...destinationsOf(bench.outbound.snapshot!)].length, known);
  const refused = await bench.run(bench.call({ authority: 'host-1.example' }));
  assert.ok(refused.kind === 'rejected' && refused.flag === 'NR');
});

test('with an egress proxy a call to an unknown host goes to its cluster, with the authority as the caller wrote it', async () => {
  const bench = new Bench({ outbound: 'ALLOW_ANY', egressProxy: ALL });
  const { call, outcome } = await bench.begin({ authority: 'example.com' });
  assert.deepEqual([call.cluster, call.routeName, call.authority], [ALL, 'allow_any', 'example.com']);
  assert.match(bench.wire.last.endpoint, /^10\.0\.0\./);
  bench.wire.last.respond(204);
  await outcome;
});

test('an egress proxy that is not there is said', async () => {
  const bench = new Bench({ outbound: 'ALLOW_ANY', egressProxy: 'outbound|1||nowhere' });
  const outcome = await bench.run(bench.call({ authority: 'example.com' }));
  assert.ok(outcome.kind === 'rejected' && outcome.flag === 'NC');
});
