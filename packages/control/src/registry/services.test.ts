import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ServiceAccounts } from './service-accounts.js';
import { servicesOf as servicesFor, type WorkloadRecord } from './services.js';

/** Of records whose service account is allowed to serve what it serves. */
const ALLOWED = new ServiceAccounts([]);
const servicesOf = (records: Parameters<typeof servicesFor>[0]) => servicesFor(records, ALLOWED);

function record(id: string, changes: Partial<WorkloadRecord> = {}): WorkloadRecord {
  return {
    id,
    workload: {
      namespace: 'default',
      serviceAccount: 'reviews',
      service: 'reviews',
      name: id,
      labels: { app: 'reviews' },
    },
    spiffeId: 'spiffe://cluster.local/ns/default/sa/reviews',
    listeners: [listener(8001)],
    registeredAt: 1,
    ...changes,
  };
}

function listener(port: number, changes: object = {}) {
  return {
    ...{ service: 'reviews', servicePort: 9080, portName: 'http', protocol: 'HTTP' },
    ...{ address: '10.0.0.1', port, mtls: true },
    ...changes,
  };
}

test('listeners of one service make one service with the endpoints of all', () => {
  const { services, endpoints } = servicesOf([
    record('a'),
    record('b', { listeners: [listener(8002), listener(8003, { servicePort: 9090, portName: 'admin' })] }),
  ]);
  const host = 'reviews.default.svc.cluster.local';
  assert.deepEqual(services, [
    {
      host,
      namespace: 'default',
      ports: [
        { number: 9080, name: 'http', protocol: 'HTTP' },
        { number: 9090, name: 'admin', protocol: 'HTTP' },
      ],
    },
  ]);
  const ports = Object.entries(endpoints[0]!.ports).map(([port, list]) => [port, list.map(({ key }) => key)]);
  assert.deepEqual(ports, [
    ['9080', ['10.0.0.1:8001', '10.0.0.1:8002']],
    ['9090', ['10.0.0.1:8003']],
  ]);
});

test('of two registrations of one address the newer one is the endpoint', () => {
  const { endpoints } = servicesOf([record('new', { registeredAt: 2 }), record('old')]);
  assert.deepEqual(
    endpoints[0]!.ports['9080']!.map(({ workload }) => workload),
    ['new'],
  );
});

test('a newcomer cannot change the protocol of a port that others serve', () => {
  const { services } = servicesOf([
    record('late', { registeredAt: 2, listeners: [listener(8002, { protocol: 'TCP' })] }),
    record('early'),
  ]);
  assert.equal(services[0]!.ports[0]!.protocol, 'HTTP');
});

test('a workload cannot register for a service of another namespace', () => {
  for (const service of ['reviews.other.svc.cluster.local', 'reviews.other', 'example.com', '*', 'Reviews']) {
    assert.deepEqual(
      servicesOf([record('a', { listeners: [listener(8001, { service })] })]).services,
      [],
      service,
    );
  }
});

test('an endpoint whose workload has proved no identity takes no mTLS', () => {
  const { endpoints } = servicesOf([record('a', { spiffeId: null })]);
  const [endpoint] = endpoints[0]!.ports['9080']!;
  assert.equal(endpoint!.mtls, false);
  assert.ok(!('spiffeId' in endpoint!));
});

test('the order of registrations changes nothing', () => {
  const records = fc.uniqueArray(
    fc.record({
      id: fc.string(),
      registeredAt: fc.nat(3),
      port: fc.integer({ min: 1, max: 4 }),
      protocol: fc.constantFrom('HTTP', 'TCP'),
    }),
    { selector: ({ id }) => id, maxLength: 8 },
  );
  fc.assert(
    fc.property(records, fc.infiniteStream(fc.nat()), (items, draws) => {
      const made = items.map(({ id, registeredAt, port, protocol }) =>
        record(id, { registeredAt, listeners: [listener(port, { protocol })] }),
      );
      const order = new Map(made.map((item) => [item, draws.next().value ?? 0]));
      const shuffled = [...made].sort((a, b) => order.get(a)! - order.get(b)!);
      assert.deepEqual(servicesOf(shuffled), servicesOf(made));
    }),
  );
});

test('a listener for a service that is not of its service account is left out; in dev mode nobody is asked', () => {
  const foreign = { listeners: [listener(8001, { service: 'ratings' })] };
  assert.deepEqual(servicesOf([record('a', foreign)]), { services: [], endpoints: [] });
  assert.equal(servicesOf([record('a', { ...foreign, spiffeId: null })]).services.length, 1);
});
