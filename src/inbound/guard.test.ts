/** Rate limits, shedding and deadlines of what arrives, in virtual time and without a server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../model/exchange.js';
import { SpiffeId } from '../model/spiffe-id.js';
import type { EffectiveInbound } from '../policy/effective.js';
import { concurrencyPolicyFrom } from '../traffic/concurrency/policy.js';
import type { PriorityRule } from '../traffic/priority/policy.js';
import { type QueuePolicy, queuePolicyFrom } from '../traffic/queue/policy.js';
import { denyPaths, inboundPolicy, TestPath } from './fixtures.test.js';

type Limits = NonNullable<EffectiveInbound['rateLimit']>['limits'];

const limited = (...limits: Limits) => inboundPolicy({ rateLimit: { policy: 'ns/limit', limits } });

const waiting = (limit: number, queue: Partial<QueuePolicy> = {}) => {
  const policy = shedding(limit);
  return inboundPolicy({ resilience: { ...policy.resilience!, queue: queuePolicyFrom(queue) } });
};
const NO_QUEUE = queuePolicyFrom({ maxLength: 0 });
const PRIORITIES: readonly PriorityRule[] = [
  { name: 'checkout', priority: 'critical', match: { paths: ['/checkout'] } },
  { name: 'batch', priority: 'sheddable', match: { headers: { 'x-batch': {} } } },
];
const shedding = (limit: number, priorities?: readonly PriorityRule[]) =>
  inboundPolicy({
    resilience: {
      policy: 'ns/shed',
      concurrency: concurrencyPolicyFrom({ minLimit: limit, minRttRequests: 1_000_000 }),
      queue: NO_QUEUE,
      ...(priorities !== undefined && { priorities }),
    },
  });

interface Ask {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly account?: string;
  readonly remoteIp?: string;
}

function begin(
  mesh: TestPath,
  { path = '/', headers = {}, account, remoteIp = '10.0.0.9' }: Ask = {},
): Exchange {
  const id = account === undefined ? null : SpiffeId.forServiceAccount('cluster.local', 'shop', account);
  return mesh.path.begin(
    {
      method: 'GET',
      scheme: 'http',
      authority: 'reviews',
      path,
      headers: { ...headers },
      protocol: 'HTTP/1.1',
      peer: { id, address: '10.0.0.9', sni: null },
      remoteIp,
      localAddress: '127.0.0.1',
      localPort: 80,
    },
    null,
  );
}

const end = (mesh: TestPath, exchange: Exchange, complete = true) =>
  mesh.path.end(exchange, { status: exchange.refusal?.status ?? 200, complete });

function countOf(mesh: TestPath, times: number, ask: Ask = {}): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < times; i += 1) {
    const exchange = begin(mesh, ask);
    end(mesh, exchange);
    const word = String(exchange.refusal?.status ?? 200);
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

test('what exceeds a rate limit is answered 429 as Envoy does, with the time of the next token', () => {
  const mesh = new TestPath(limited({ name: 'all', requests: 2, perMs: 10_000, burst: 2 }));
  assert.deepEqual(countOf(mesh, 5), { 200: 2, 429: 3 });
  const exchange = begin(mesh);
  assert.deepEqual(exchange.refusal, {
    status: 429,
    body: 'local_rate_limited',
    because: 'local_rate_limited',
    close: false,
    headers: {
      'x-envoy-ratelimited': 'true',
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '5',
      'retry-after': '5',
    },
  });
  assert.deepEqual([...exchange.flags], ['RL']);
  end(mesh, exchange);
  mesh.clock.advance(5_000);
  assert.deepEqual(countOf(mesh, 5), { 200: 1, 429: 4 });
});

test('callers are told apart by who they proved to be, or where they come from', () => {
  const rule = { name: 'each', requests: 3, perMs: 60_000, burst: 3 };
  const mesh = new TestPath(limited({ ...rule, by: ['principal'] }));
  assert.deepEqual(countOf(mesh, 5, { account: 'a' }), { 200: 3, 429: 2 });
  assert.deepEqual(countOf(mesh, 5, { account: 'b' }), { 200: 3, 429: 2 });
  const other = new TestPath(limited({ ...rule, by: ['remoteIp'] }));
  assert.deepEqual(countOf(other, 5), { 200: 3, 429: 2 });
  assert.deepEqual(countOf(other, 5, { remoteIp: '10.0.0.10' }), { 200: 3, 429: 2 });
});

test('whoever is refused for another reason takes no token', () => {
  const policy = limited({ name: 'all', requests: 2, perMs: 60_000, burst: 2 });
  const mesh = new TestPath({ ...policy, authorization: denyPaths('/closed') });
  assert.deepEqual(countOf(mesh, 5, { path: '/closed' }), { 403: 5 });
  assert.deepEqual(countOf(mesh, 3), { 200: 2, 429: 1 });
});

test('the path that is matched is the one that is served', () => {
  const mesh = new TestPath(
    limited({ name: 'one', match: { paths: ['/a/b'] }, requests: 1, perMs: 60_000, burst: 1 }),
  );
  assert.deepEqual(countOf(mesh, 1, { path: '/a/./x/../b?c=1' }), { 200: 1 });
  assert.deepEqual(countOf(mesh, 1, { path: '/a/b' }), { 429: 1 });
  assert.deepEqual(countOf(mesh, 3, { path: '/a' }), { 200: 3 });
});

test('above the limit the lowest priority is refused first, then the default, then what is critical; health checks never', () => {
  const mesh = new TestPath(shedding(10, PRIORITIES));
  const held: Exchange[] = [];
  const asked = {
    sheddable: { headers: { 'x-batch': '1' } },
    default: {},
    critical: { path: '/checkout' },
    health: { path: '/healthz' },
  };
  const fill = (ask: Ask, times: number) => {
    let admitted = 0;
    for (let i = 0; i < times; i += 1) {
      const exchange = begin(mesh, ask);
      if (exchange.refusal !== null) end(mesh, exchange);
      else {
        admitted += 1;
        held.push(exchange);
      }
    }
    return admitted;
  };
  assert.equal(fill(asked.sheddable, 20), 7);
  assert.equal(fill(asked.default, 20), 2);
  assert.equal(fill(asked.sheddable, 20), 0);
  assert.equal(fill(asked.critical, 20), 1);
  assert.equal(fill(asked.default, 20), 0);
  assert.equal(fill(asked.health, 20), 20);
  const refused = begin(mesh, asked.critical);
  assert.deepEqual(refused.refusal, {
    status: 503,
    body: 'reached concurrency limit',
    because: 'reached_concurrency_limit',
    close: false,
  });
  end(mesh, refused);
  for (const exchange of held) end(mesh, exchange);
  held.length = 0;
  assert.equal(fill(asked.critical, 20), 10, 'all places are free again');
});

test('places are given back however an exchange ends, and a policy change keeps those that are taken', () => {
  const mesh = new TestPath(shedding(2));
  const [first, second] = [begin(mesh), begin(mesh)];
  assert.deepEqual(countOf(mesh, 1), { 503: 1 });
  mesh.accept(shedding(3), 2);
  const third = begin(mesh);
  assert.equal(third.refusal, null);
  assert.deepEqual(countOf(mesh, 1), { 503: 1 });
  end(mesh, first, false);
  end(mesh, first, false);
  assert.deepEqual(countOf(mesh, 4), { 200: 4 });
  end(mesh, second);
  end(mesh, third);
  mesh.accept(inboundPolicy(), 3);
  assert.deepEqual(countOf(mesh, 10), { 200: 10 });
});

test('what finds no place waits for one, and is refused when that takes too long', async () => {
  const mesh = new TestPath(waiting(1));
  const first = begin(mesh);
  const [second, third] = [begin(mesh), begin(mesh)];
  assert.equal(second.refusal?.because, 'queue_wait', 'until then it may not run');
  mesh.clock.advance(50);
  end(mesh, first);
  await second.waiting;
  assert.equal(second.refusal, null);
  assert.equal(second.waiting, null);
  assert.equal(third.refusal?.status, 503);
  const { waiting: over } = third;
  mesh.clock.advance(60);
  await over;
  assert.equal(third.refusal?.because, 'queue_wait');
  assert.equal(third.refusal.body, 'reached concurrency limit');
  end(mesh, third);
  end(mesh, second);
  assert.deepEqual(countOf(mesh, 3), { 200: 3 });
  assert.equal(mesh.clock.pending, 0);
});

test('whoever goes away while it waits leaves the queue, and its place is the next one’s', async () => {
  const mesh = new TestPath(waiting(1, { maxLength: 1 }));
  const first = begin(mesh);
  const second = begin(mesh);
  const { waiting: over } = second;
  const full = begin(mesh);
  assert.equal(full.refusal?.because, 'queue_full');
  end(mesh, full);
  end(mesh, second, false);
  await over;
  assert.equal(second.ended, true);
  assert.notEqual(second.refusal, null, 'its handler never runs');
  const third = begin(mesh);
  const { waiting: turn } = third;
  end(mesh, first);
  await turn;
  assert.equal(third.refusal, null);
  end(mesh, third);
  mesh.clock.advance(5);
  assert.equal(mesh.clock.pending, 0);
});

test('nobody waits beyond its deadline: the caller’s ends with 503, policy’s with 504', async () => {
  const policy = waiting(1, { maxWaitMs: 5_000 });
  const mesh = new TestPath({ ...policy, resilience: { ...policy.resilience!, deadlineMs: 300 } });
  const running = begin(mesh);
  running.server = { expire: () => end(mesh, running) };
  const hasty = begin(mesh, { headers: { 'x-heddle-deadline-ms': '100' } });
  const patient = begin(mesh);
  const both = [hasty.waiting, patient.waiting];
  mesh.clock.advance(110);
  await both[0];
  assert.equal(hasty.refusal?.because, 'queue_wait');
  assert.equal(begin(mesh, { headers: { 'x-heddle-deadline-ms': '0' } }).refusal?.status, 503);
  end(mesh, running);
  await both[1];
  assert.equal(patient.refusal, null);
  mesh.clock.advance(300);
  assert.equal(patient.refusal!.status, 504);
});

test('the limit follows what is measured', () => {
  const concurrency = concurrencyPolicyFrom({
    minLimit: 2,
    minRttRequests: 5,
    jitterPercent: 0,
    initialLimit: 2,
  });
  const mesh = new TestPath(inboundPolicy({ resilience: { policy: 'ns/a', concurrency, queue: NO_QUEUE } }));
  const round = () => {
    const admitted: Exchange[] = [];
    for (;;) {
      const exchange = begin(mesh);
      if (exchange.refusal !== null) {
        end(mesh, exchange);
        break;
      }
      admitted.push(exchange);
    }
    mesh.clock.advance(100);
    for (const exchange of admitted) end(mesh, exchange);
    return admitted.length;
  };
  assert.deepEqual(
    Array.from({ length: 8 }, round),
    [2, 2, 2, 2, 4, 7, 11, 17],
    'six answers measured the least latency; then a service that does not slow down gets more',
  );
});

test('the deadline of an exchange is the smaller of the caller’s and policy’s, and expires by policy alone', () => {
  const mesh = new TestPath(inboundPolicy({ resilience: { policy: 'ns/a', deadlineMs: 1_000 } }));
  const now = mesh.clock.now();
  const [patient, hasty] = [begin(mesh), begin(mesh, { headers: { 'x-heddle-deadline-ms': '200' } })];
  assert.equal(patient.deadlineAt, now + 1_000);
  assert.equal(hasty.deadlineAt, now + 200);
  const expired: string[] = [];
  patient.server = { expire: () => expired.push('patient') };
  hasty.server = { expire: () => expired.push('hasty') };
  mesh.clock.advance(999);
  assert.deepEqual(expired, []);
  end(mesh, hasty);
  mesh.clock.advance(6);
  assert.deepEqual(expired, ['patient']);
  assert.deepEqual([...patient.flags], ['UT']);
  assert.equal(patient.refusal?.status, 504);
  assert.equal(patient.refusal.because, 'response_timeout');
  end(mesh, patient);
  assert.equal(mesh.clock.pending, 0);
});

test('an upgraded connection holds no place and has no deadline of policy', () => {
  const policy = shedding(1);
  const mesh = new TestPath({ ...policy, resilience: { ...policy.resilience!, deadlineMs: 1_000 } });
  const exchange = begin(mesh, { headers: { 'x-heddle-deadline-ms': '9000' } });
  assert.equal(exchange.deadlineAt - mesh.clock.now(), 1_000);
  assert.deepEqual(countOf(mesh, 1), { 503: 1 });
  exchange.hold?.upgraded();
  assert.equal(exchange.deadlineAt - mesh.clock.now(), 9_000);
  assert.deepEqual(countOf(mesh, 3), { 200: 3 });
  mesh.clock.advance(5_000);
  assert.equal(exchange.refusal, null);
  end(mesh, exchange);
  assert.deepEqual(countOf(mesh, 3), { 200: 3 });
});

test('without such a policy nothing is held', () => {
  const mesh = new TestPath(inboundPolicy());
  const exchange = begin(mesh);
  assert.equal(exchange.hold, null);
  assert.equal(mesh.policy.current()?.protection, null);
  end(mesh, exchange);
});

test('beyond the most exchanges at once a port answers 503 with flag UO, and has its places back when they end', () => {
  const mesh = new TestPath(inboundPolicy({ maxRequests: { others: 2, ports: { 81: 1 } } }));
  const held = [begin(mesh), begin(mesh)];
  const refused = begin(mesh);
  assert.equal(refused.refusal?.status, 503);
  assert.deepEqual([...refused.flags], ['UO']);
  end(mesh, refused);
  for (const exchange of held) {
    assert.equal(exchange.refusal, null);
    end(mesh, exchange);
  }
  assert.deepEqual(countOf(mesh, 3), { 200: 3 });
});
