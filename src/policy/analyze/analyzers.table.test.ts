/** Each analyzer: what it finds, at which level, where; and what it leaves alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Case,
  choosing,
  doc,
  found,
  pod,
  routes,
  service,
  sidecar,
  testCases,
  to,
} from './analyzers.test.helper.js';

const CASES: readonly Case[] = [
  [
    'hosts of connection routes are looked up, too',
    /0101/,
    [
      routes(
        'v',
        `{ hosts: [a.example], tcp: [{ match: [{ port: 1 }], route: ${to('nowhere.example')} }], tls: [{ match: [{ port: 2, sniHosts: [a.example] }], route: ${to('nowhere.example')} }] }`,
      ),
    ],
    'error IST0101 VirtualService v spec.tls[0].route[0].destination.host',
    'error IST0101 VirtualService v spec.tcp[0].route[0].destination.host',
  ],
  [
    'a delegate that is not there',
    /HDL/,
    [routes('v', '{ hosts: [a.example], http: [{ delegate: { name: d } }] }')],
    'warning HDL0009 VirtualService v spec.http[0].delegate',
  ],
  [
    'a delegate with hosts of its own',
    /HDL0009/,
    [
      service('a'),
      routes('d', `{ hosts: [b.example], http: [{ route: ${to('a')} }] }`),
      routes('v', '{ hosts: [a.example], http: [{ delegate: { name: d } }] }'),
    ],
    'warning HDL0009 VirtualService v spec.http[0].delegate',
  ],
  [
    'a delegate to which nobody delegates',
    /HDL0005/,
    [service('a'), routes('d', `{ http: [{ route: ${to('a')} }] }`)],
    'warning HDL0005 VirtualService d spec',
  ],
  [
    'a delegate that is one',
    /HDL/,
    [
      service('a'),
      routes('d', `{ http: [{ route: ${to('a')} }] }`),
      routes('v', '{ hosts: [a.example], http: [{ delegate: { name: d } }] }'),
    ],
  ],
  [
    'two Sidecars without a selector',
    /0111/,
    [sidecar('a'), sidecar('b')],
    'error IST0111 Sidecar a spec',
    'error IST0111 Sidecar b spec',
  ],
  [
    'two Sidecars that select one workload',
    /011/,
    [
      pod('p', '{ app: a, v: b }'),
      sidecar('a', choosing('{ app: a }')),
      sidecar('b', choosing('{ v: b }')),
      sidecar('c'),
    ],
    'error IST0110 Sidecar a spec.workloadSelector.labels',
    'error IST0110 Sidecar b spec.workloadSelector.labels',
  ],
  [
    'a Sidecar that selects nobody',
    /0101/,
    [pod('p', '{ app: a }'), sidecar('a', choosing('{ app: b }'))],
    'error IST0101 Sidecar a spec.workloadSelector.labels',
  ],
  [
    'a Sidecar in ambient mode',
    /0167/,
    [
      `apiVersion: v1\nkind: Namespace\nmetadata: { name: default, labels: { istio.io/dataplane-mode: ambient } }\n`,
      sidecar('a'),
    ],
    'warning IST0167 Sidecar a metadata.namespace',
  ],
  [
    'two Telemetries without a selector',
    /0160/,
    [doc('Telemetry a'), doc('Telemetry b')],
    'error IST0160 Telemetry a spec',
    'error IST0160 Telemetry b spec',
  ],
  [
    'two Telemetries that select one workload',
    /0159/,
    [
      pod('p', '{ app: a, v: b }'),
      doc('Telemetry a', '{ selector: { matchLabels: { app: a } } }'),
      doc('Telemetry b', '{ selector: { matchLabels: { v: b } } }'),
    ],
    'error IST0159 Telemetry a spec.selector.matchLabels',
    'error IST0159 Telemetry b spec.selector.matchLabels',
  ],
  [
    'access logs without a provider',
    /0157/,
    [doc('Telemetry a', '{ accessLogging: [{}, { disabled: true }, { providers: [{ name: otel }] }] }')],
    'warning IST0157 Telemetry a spec.accessLogging[0]',
  ],
  [
    'names of another namespace',
    /HDL0010/,
    [
      service('reviews.b'),
      doc(
        'ServiceEntry taker',
        '{ hosts: [reviews.b, reviews.c, Reviews.b.svc, b.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }',
      ),
      ...['public', 'own.b', 'root.istio-system'].map((name) =>
        doc(
          `VirtualService ${name}`,
          `{ hosts: [reviews.b.svc.cluster.local, nobody.b.svc.cluster.local, '*.b'], http: [{ route: ${to('reviews.b.svc.cluster.local')} }] }`,
        ),
      ),
      doc(
        'VirtualService limited.c',
        `{ hosts: [reviews.b.svc.cluster.local], exportTo: ['.'], http: [{ route: ${to('reviews.b.svc.cluster.local')} }] }`,
      ),
    ],
    'warning HDL0010 ServiceEntry taker spec.hosts[0]',
    'warning HDL0010 ServiceEntry taker spec.hosts[2]',
    'warning HDL0010 VirtualService public spec.hosts[0]',
  ],
  [
    'providers of CUSTOM that are not known, or not one',
    /0006/,
    [
      doc(
        'MeshConfig mesh.istio-system',
        '{ extensionProviders: [{ name: opa, envoyExtAuthzHttp: { service: a.example, port: 80 } }] }',
      ),
      doc('MeshConfig mesh', '{}'),
      ...['opa', 'other'].map((name) =>
        doc(`AuthorizationPolicy ${name}`, `{ action: CUSTOM, provider: { name: ${name} }, rules: [{}] }`),
      ),
    ],
    'info HDL0006 AuthorizationPolicy other spec.provider.name',
    'info HDL0006 MeshConfig mesh metadata.namespace',
  ],
  [
    'deprecated fields',
    /0002/,
    [
      service('a'),
      routes(
        'v',
        `{ hosts: [a], http: [{ fault: { delay: { percent: 5, fixedDelay: 1s } }, route: ${to('a')} }] }`,
      ),
      doc('Sidecar s', '{ outboundTrafficPolicy: { mode: ALLOW_ANY, egressProxy: { host: a } } }'),
      doc('Telemetry t', '{ tracing: [{ providers: [{ name: lightstep }] }] }'),
    ],
    'warning IST0002 VirtualService v spec.http[0].fault.delay.percent',
    'warning IST0002 Sidecar s spec.outboundTrafficPolicy.egressProxy',
    'warning IST0002 Telemetry t spec.tracing[0].providers[0].name',
  ],
  [
    'guards that select nobody',
    /0127/,
    [
      pod('p', '{ app: a }'),
      doc('AuthorizationPolicy a', '{ selector: { matchLabels: { app: b } } }'),
      doc('PeerAuthentication b', '{ selector: { matchLabels: { app: b } } }'),
      doc('AuthorizationPolicy c.empty'),
      doc('AuthorizationPolicy d.istio-system', '{ selector: { matchLabels: { app: a } } }'),
    ],
    'warning IST0127 AuthorizationPolicy a spec.selector.matchLabels',
    'warning IST0127 PeerAuthentication b spec.selector.matchLabels',
    'warning IST0127 AuthorizationPolicy c metadata.namespace',
  ],
  [
    'a subset of no workload',
    /017/,
    [
      pod('p', '{ app: a, v: one }'),
      service('a'),
      doc(
        'DestinationRule d',
        '{ host: a, subsets: [{ name: s, labels: { v: one } }, { name: t, labels: { v: two } }, { name: z, labels: { topology.kubernetes.io/zone: x } }] }',
      ),
    ],
    'error IST0173 DestinationRule d spec.subsets[1].labels',
  ],
  [
    'policies of Heddle for a host that nobody knows',
    /HDL/,
    [
      doc('ResiliencePolicy p', '{ host: nowhere, deadline: 1s }'),
      doc('RateLimit l', '{ host: nowhere, limits: [{ requests: 1, per: 1s }] }'),
    ],
    'warning HDL0009 ResiliencePolicy p spec.host',
    'warning HDL0009 RateLimit l spec.host',
  ],
  [
    'policies of Heddle that an older one shuts out',
    /HDL0005/,
    [
      service('a'),
      doc('ResiliencePolicy p', '{ host: a, deadline: 1s }'),
      doc('ResiliencePolicy q', '{ host: a.default.svc.cluster.local, deadline: 2s }'),
      doc('RateLimit p', '{ host: a, limits: [{ requests: 1, per: 1s }] }'),
    ],
    'warning HDL0005 ResiliencePolicy q spec.host',
  ],
];

testCases(CASES);

test('workloads that are known make Pods superfluous', () => {
  const workloads = [{ namespace: 'default', labels: { app: 'a' } }];
  const policy = doc('AuthorizationPolicy a', '{ selector: { matchLabels: { app: b } } }');
  assert.deepEqual(
    found([policy]).map(({ code }) => code),
    [],
  );
  assert.deepEqual(
    found([policy], { workloads }).map(({ code }) => code),
    ['IST0127'],
  );
});

test('an annotation keeps a finding of analysis quiet, and none of validation', () => {
  const quiet = (codes: string) =>
    found([
      doc(
        'VirtualService v',
        `{ hosts: [a b], http: [{ route: ${to('nowhere')} }] }`,
        `, annotations: { galley.io/analyze-suppress: "${codes}" }`,
      ),
    ]).map(({ code }) => code);
  assert.deepEqual(quiet('IST0174'), ['IST0106', 'IST0101']);
  assert.deepEqual(quiet('IST0174, IST0101'), ['IST0106']);
  assert.deepEqual(quiet('*'), ['IST0106']);
});
