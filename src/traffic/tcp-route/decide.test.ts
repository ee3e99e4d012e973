import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIp } from '../../base/ip.js';
import { compileConnections } from './compile.js';
import { decideConnection } from './decide.js';
import { describeConnectionMismatch } from './mismatch.js';
import type { ConnectionMatch, EffectiveConnectionRoute } from './policy.js';

const cluster = (name: string, port = 0) => `outbound|${port}||${name}`;

/** One rule for each match, to a cluster that is named after its place. */
function rules(...matches: (ConnectionMatch | null)[]): EffectiveConnectionRoute[] {
  return matches.map((match, index) => ({
    index,
    ...(match !== null && { match }),
    destinations: [{ cluster: cluster(`r${index}`), weight: 100 }],
  }));
}

const FALLBACK: EffectiveConnectionRoute = {
  index: -1,
  destinations: [{ cluster: cluster('default'), weight: 100 }],
};

interface Row {
  readonly what: string;
  readonly kind: 'tls' | 'tcp';
  readonly matches: (ConnectionMatch | null)[];
  readonly port?: number;
  readonly sni?: string;
  readonly ip?: string;
  /** Host of the cluster; null: no route. */
  readonly to: string | null;
}

const sni = (...sniHosts: string[]): ConnectionMatch => ({ sniHosts });
const subnets = (...destinationSubnets: string[]): ConnectionMatch => ({ destinationSubnets });

const TABLE: readonly Row[] = [
  { what: 'an exact name', kind: 'tls', matches: [sni('a.example')], sni: 'a.example', to: 'r0' },
  { what: 'another name', kind: 'tls', matches: [sni('a.example')], sni: 'b.example', to: null },
  { what: 'no name', kind: 'tls', matches: [sni('a.example')], to: null },
  {
    what: 'the exact name before an earlier wildcard',
    kind: 'tls',
    matches: [sni('*.example'), sni('a.example')],
    sni: 'a.example',
    to: 'r1',
  },
  {
    what: 'the longest wildcard, though a shorter one is earlier',
    kind: 'tls',
    matches: [sni('*.example'), sni('*.b.example')],
    sni: 'a.b.example',
    to: 'r1',
  },
  {
    what: 'a wildcard of several labels deep',
    kind: 'tls',
    matches: [sni('*.example')],
    sni: 'a.b.c.example',
    to: 'r0',
  },
  {
    what: 'a wildcard does not stand for nothing',
    kind: 'tls',
    matches: [sni('*.example')],
    sni: '.example',
    to: null,
  },
  {
    what: 'a wildcard is not its own apex',
    kind: 'tls',
    matches: [sni('*.example.org')],
    sni: 'example.org',
    to: null,
  },
  {
    what: 'the first of two rules with the same name',
    kind: 'tls',
    matches: [sni('a'), sni('a')],
    sni: 'a',
    to: 'r0',
  },
  { what: '* takes every name', kind: 'tls', matches: [sni('*'), sni('a')], sni: 'b', to: 'r0' },
  {
    what: 'a name behind *',
    kind: 'tls',
    matches: [sni('*'), sni('a')],
    sni: 'a',
    to: 'r1',
  },
  { what: '* takes no name too', kind: 'tls', matches: [sni('*')], to: 'r0' },
  {
    what: 'a rule for another port leaves TLS to the service',
    kind: 'tls',
    matches: [{ ...sni('a'), port: 8443 }],
    sni: 'a',
    to: 'default',
  },
  {
    what: 'a rule for this port',
    kind: 'tls',
    matches: [{ ...sni('a'), port: 443 }],
    sni: 'a',
    to: 'r0',
  },
  {
    what: 'name and subnet must both hold',
    kind: 'tls',
    matches: [{ ...sni('a'), ...subnets('10.0.0.0/8') }],
    sni: 'a',
    ip: '11.0.0.1',
    to: null,
  },
  {
    what: 'the longest subnet has no rule for the name and a wider one is not asked',
    kind: 'tls',
    matches: [
      { ...sni('a'), ...subnets('10.0.0.0/8') },
      { ...sni('b'), ...subnets('10.1.0.0/16') },
    ],
    sni: 'a',
    ip: '10.1.2.3',
    to: null,
  },
  { what: 'no condition', kind: 'tcp', matches: [null], to: 'r0' },
  {
    what: 'the first rule without a condition',
    kind: 'tcp',
    matches: [null, null],
    to: 'r0',
  },
  {
    what: 'what stands behind a rule without a condition is not there',
    kind: 'tcp',
    matches: [null, subnets('10.0.0.0/8')],
    ip: '10.0.0.1',
    to: 'r0',
  },
  {
    what: 'an address inside',
    kind: 'tcp',
    matches: [subnets('192.168.0.0/16', '10.0.0.0/8')],
    ip: '10.9.9.9',
    to: 'r0',
  },
  {
    what: 'an address outside falls back to the service',
    kind: 'tcp',
    matches: [subnets('10.0.0.0/8')],
    ip: '11.0.0.1',
    to: 'default',
  },
  {
    what: 'an address that is not known falls back',
    kind: 'tcp',
    matches: [subnets('0.0.0.0/0')],
    to: 'default',
  },
  {
    what: 'the longest subnet, though a wider one is earlier',
    kind: 'tcp',
    matches: [subnets('10.0.0.0/8'), subnets('10.1.0.0/16'), null],
    ip: '10.1.2.3',
    to: 'r1',
  },
  {
    what: 'one address',
    kind: 'tcp',
    matches: [subnets('10.1.2.0/24'), subnets('10.1.2.3')],
    ip: '10.1.2.3',
    to: 'r1',
  },
  {
    what: 'the first of two rules for the same subnet, however it is written',
    kind: 'tcp',
    matches: [subnets('10.0.0.0/8'), subnets('10.9.9.9/8')],
    ip: '10.1.1.1',
    to: 'r0',
  },
  {
    what: 'IPv6',
    kind: 'tcp',
    matches: [subnets('2001:db8::/33'), subnets('fd00::/8')],
    ip: 'fdaa::1',
    to: 'r1',
  },
  {
    what: 'IPv4 in IPv6 is IPv4',
    kind: 'tcp',
    matches: [subnets('10.0.0.0/8')],
    ip: '::ffff:10.0.0.1',
    to: 'r0',
  },
  {
    what: 'IPv4 is not inside of ::/1',
    kind: 'tcp',
    matches: [subnets('8000::/1')],
    ip: '200.0.0.1',
    to: 'default',
  },
  {
    what: 'a port and a rule behind it',
    kind: 'tcp',
    matches: [{ port: 27018 }, { port: 443 }, null],
    to: 'r1',
  },
];

for (const row of TABLE)
  test(`${row.kind}: ${row.what} → ${row.to ?? 'no route'}`, () => {
    const routes = rules(...row.matches);
    const table = compileConnections({ kind: row.kind, routes, fallback: FALLBACK });
    const facts = {
      port: row.port ?? 443,
      sni: row.sni ?? null,
      destination: row.ip === undefined ? null : parseIp(row.ip),
    };
    const verdict = decideConnection(table, facts, { next: () => 0 });
    assert.equal(verdict.kind === 'forward' ? verdict.destination.host : null, row.to);
    if (verdict.kind === 'forward') {
      assert.equal(verdict.destination.port, facts.port, 'a port of 0 is the one addressed');
      assert.equal(describeConnectionMismatch(verdict.route, facts), null, 'what was taken has no mismatch');
      assert.equal(decideConnection(table, facts, { next: () => 0 }), verdict, 'made once');
    }
  });

test('weights are shared by one draw, whatever they add up to', () => {
  const routes: EffectiveConnectionRoute[] = [
    {
      index: 0,
      destinations: [
        { cluster: cluster('a', 1), weight: 1 },
        { cluster: cluster('b', 2), weight: 3 },
      ],
    },
  ];
  const table = compileConnections({ kind: 'tcp', routes });
  const pick = (draw: number) => {
    const facts = { port: 1, sni: null, destination: null };
    const verdict = decideConnection(table, facts, { next: () => draw });
    return verdict.kind === 'forward' ? verdict.destination.cluster : null;
  };
  assert.deepEqual([0, 0.24, 0.25, 0.99].map(pick), [
    cluster('a', 1),
    cluster('a', 1),
    cluster('b', 2),
    cluster('b', 2),
  ]);
});

test('without a fallback a connection of which no rule speaks has no route', () => {
  const table = compileConnections({ kind: 'tcp', routes: rules({ port: 1 }) });
  const verdict = decideConnection(table, { port: 2, sni: null, destination: null }, { next: () => 0 });
  assert.deepEqual(verdict, { kind: 'noRoute', because: 'no-route-matched' });
});

test('what cannot be used names the rule', () => {
  const compile = (route: Partial<EffectiveConnectionRoute>) => () =>
    compileConnections({ kind: 'tcp', routes: [{ ...rules(null)[0]!, index: 3, ...route }] });
  assert.throws(compile({ match: subnets('10.0.0.0/33') }), /tcp\[3\]: '10\.0\.0\.0\/33' is neither/);
  assert.throws(compile({ destinations: [] }), /tcp\[3\]: there is no destination/);
  assert.throws(compile({ destinations: [{ cluster: 'x', weight: 1 }] }), /not the name of a cluster/);
});

test('a rule that was not taken says what it asked for and what was there', () => {
  const route = (match: ConnectionMatch) =>
    compileConnections({ kind: 'tls', routes: rules(match) }).routes[0]!;
  const facts = { port: 443, sni: 'b', destination: parseIp('10.0.0.1') };
  assert.equal(
    describeConnectionMismatch(route({ ...sni('a', '*.c') }), facts),
    'the server name (SNI) is "b", expected "a" or "*.c"',
  );
  assert.match(describeConnectionMismatch(route({ port: 1 }), facts)!, /port is 443, expected 1/);
  assert.match(describeConnectionMismatch(route(subnets('11.0.0.0/8')), facts)!, /expected an address of 11/);
  assert.match(
    describeConnectionMismatch(route(subnets('11.0.0.0/8')), { ...facts, destination: null })!,
    /is not known/,
  );
});
