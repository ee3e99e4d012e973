/** What becomes of connections: TLS that is passed on as it is, and TCP. One row a connection. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { explainOutbound } from './explain-outbound.js';
import { vs } from './explain-outbound-rows.test.helper.js';
import { contract } from './outbound-contract.test.helper.js';
import type { OutboundQuestion } from './outbound-question.js';

const POLICY = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: wiki }
spec: { hosts: ["*.wikipedia.org"], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: NONE }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: mongo }
spec: { hosts: [mongo.example], addresses: [10.0.0.9], ports: [{ number: 27017, name: mongo, protocol: MONGO }, { number: 27018, name: tcp, protocol: TCP }], resolution: STATIC, endpoints: [{ address: 10.0.0.1 }] }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: backup }
spec: { hosts: [backup.example], ports: [{ number: 27017, name: tcp, protocol: TCP }], resolution: STATIC, endpoints: [{ address: 10.1.0.1 }] }
${vs(
  '{ hosts: ["*.wikipedia.org"], tls: [{ match: [{ port: 443, sniHosts: [en.wikipedia.org] }], route: [{ destination: { host: mongo.example, port: { number: 27018 } } }] }, { match: [{ port: 443, sniHosts: ["*.wikipedia.org"] }], route: [{ destination: { host: "*.wikipedia.org" } }] }] }',
  'wiki',
)}${vs(
  '{ hosts: [mongo.example], tcp: [{ match: [{ port: 27017, destinationSubnets: [10.0.0.0/24] }], route: [{ destination: { host: mongo.example } , weight: 90 }, { destination: { host: backup.example }, weight: 10 }] }, { match: [{ port: 27017 }], route: [{ destination: { host: backup.example } }] }] }',
  'mongo',
)}`;

interface Row {
  readonly what: string;
  readonly call: Partial<OutboundQuestion>;
  readonly outcome: string;
  readonly rule?: number | null;
  readonly picked?: string | null;
  readonly says: RegExp;
}

const tls = (parts: Partial<OutboundQuestion>) => ({ protocol: 'tls' as const, ...parts });
const tcp = (parts: Partial<OutboundQuestion>) => ({ protocol: 'tcp' as const, ...parts });

const TABLE: readonly Row[] = [
  {
    what: 'TLS with the name of the host that is dialled',
    call: tls({ authority: 'en.wikipedia.org' }),
    outcome: 'route',
    rule: 0,
    picked: 'outbound|27018||mongo.example',
    says: /^rule 1 of default\/wiki \(tls\[0\]\) matches$/,
  },
  {
    what: 'TLS with another name under the wildcard',
    call: tls({ authority: 'de.wikipedia.org:443' }),
    outcome: 'route',
    rule: 1,
    picked: 'outbound|443||*.wikipedia.org',
    says: /^rule 1 .* did not match: the server name \(SNI\) is "de\.wikipedia\.org", expected "en\.wikipedia\.org"$/,
  },
  {
    what: 'TLS to an address is known by the name that it asks for',
    call: tls({ authority: '1.2.3.4:443', sni: 'EN.wikipedia.org' }),
    outcome: 'route',
    rule: 0,
    says: /speaks for \*\.wikipedia\.org/,
  },
  {
    what: 'TLS that asks for a name of which no rule speaks',
    call: tls({ authority: 'en.wikipedia.org', sni: 'other.example' }),
    outcome: 'noRoute',
    rule: null,
    picked: null,
    says: /closed, flag NR/,
  },
  {
    what: 'TLS to a host without rules for TLS',
    call: tls({ authority: 'backup.example:27017' }),
    outcome: 'route',
    rule: null,
    picked: 'outbound|27017||backup.example',
    says: /no VirtualService has tls rules for it/,
  },
  {
    what: 'TCP to an address of the subnet, drawn',
    call: tcp({ authority: '10.0.0.9:27017', random: 0.95 }),
    outcome: 'route',
    rule: 0,
    picked: 'outbound|27017||backup.example',
    says: /^drawn 0\.95 by weight: 90 % /,
  },
  {
    what: 'TCP to an address of the subnet, without a draw',
    call: tcp({ authority: 'mongo.example:27017', destinationIp: '10.0.0.9' }),
    outcome: 'route',
    rule: 0,
    picked: null,
    says: /^rule 2 .* would match, but rule 1 .* is more specific or stands before it$/,
  },
  {
    what: 'TCP to another address',
    call: tcp({ authority: 'mongo.example:27017', destinationIp: '11.0.0.1' }),
    outcome: 'route',
    rule: 1,
    picked: 'outbound|27017||backup.example',
    says: /did not match: the destination's address is another, expected an address of 10\.0\.0\.0\/24/,
  },
  {
    what: 'TCP to a port without rules',
    call: tcp({ authority: 'mongo.example:27018' }),
    outcome: 'route',
    rule: null,
    picked: 'outbound|27018||mongo.example',
    says: /no rule is for this connection: it goes to the service itself/,
  },
  {
    what: 'a host that nobody knows',
    call: tcp({ authority: 'other.example:1' }),
    outcome: 'blocked',
    rule: null,
    says: /policy knows no host other\.example/,
  },
  {
    what: 'HTTP to a host whose VirtualService has rules for TCP only goes to the service',
    call: { authority: 'mongo.example:27018' },
    outcome: 'route',
    rule: null,
    picked: 'outbound|27018||mongo.example',
    says: /VirtualService default\/mongo names it, but it has no rules for http/,
  },
];

for (const { what, call, outcome, rule, picked, says } of TABLE)
  test(`${what}: ${outcome}`, () => {
    const answer = explainOutbound([{ file: 'p.yaml', text: POLICY }], { authority: '', ...call });
    const why = answer.steps.join('\n');
    const { error } = contract.safeParse(JSON.parse(JSON.stringify(answer)));
    assert.equal(error, undefined, error && z.prettifyError(error));
    assert.equal(answer.outcome, outcome, why);
    if (rule !== undefined) assert.equal(answer.route?.index ?? null, rule, why);
    if (picked !== undefined) assert.equal(answer.picked, picked, why);
    assert.ok(
      answer.steps.some((step) => says.test(step)),
      why,
    );
  });
