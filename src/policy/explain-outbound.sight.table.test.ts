/**
 * What a caller sees of the mesh, in the situations of Istio's own tests: exportTo, Sidecars, ServiceEntries, unknown hosts.
 * @source Istio `pilot/pkg/networking/core/httproute_test.go`, `pilot/pkg/model/{sidecar,push_context}_test.go`
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainOutbound } from './explain-outbound.js';
import { CALL, cluster, POLICY, row, to, vs } from './explain-outbound-rows.test.helper.js';

const document = (kind: string, name: string, spec: string, namespace = 'default') =>
  `---\napiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
const sidecar = (spec: string, name = 'default', namespace = 'default') =>
  document('Sidecar', name, spec, namespace);
const egress = (hosts: string, more = '') => sidecar(`{ egress: [{ hosts: [${hosts}] }]${more} }`);
const entry = (spec: string, name = 'entry', namespace = 'default') =>
  document('ServiceEntry', name, spec, namespace);
const SEEN = { outcome: 'route', picked: cluster('') } as const;
const BLOCKED = { outcome: 'blocked', clusters: [], picked: null, virtualService: null } as const;

row('a Sidecar that lets in the own namespace', egress('"./*"'), {}, SEEN);
row('a Sidecar that lets in all', egress('"*/*"'), {}, SEEN);
row('a Sidecar that lets in nothing', egress('"~/*"'), {}, BLOCKED);
row('a Sidecar that lets in another namespace', egress('"other/*"'), {}, BLOCKED);
row('a Sidecar that lets in one host', egress('"./reviews.default.svc.cluster.local"'), {}, SEEN);
row('and no other', egress('"./details.default.svc.cluster.local"'), {}, BLOCKED);
row('a Sidecar that lets in a wildcard', egress('"*/*.default.svc.cluster.local"'), {}, SEEN);
row(
  'a Sidecar that leaves one host out',
  egress('"./*", "~/reviews.default.svc.cluster.local"'),
  {},
  BLOCKED,
);
row('and not the others', egress('"./*", "~/details.default.svc.cluster.local"'), {}, SEEN);
row(
  'a Sidecar for other workloads is not asked',
  sidecar('{ workloadSelector: { labels: { app: other } }, egress: [{ hosts: ["~/*"] }] }', 'a'),
  {},
  SEEN,
);
row(
  'a Sidecar that selects the workload goes before one without a selector',
  sidecar('{ egress: [{ hosts: ["~/*"] }] }', 'a') +
    sidecar('{ workloadSelector: { labels: { app: productpage } }, egress: [{ hosts: ["./*"] }] }', 'b'),
  {},
  SEEN,
);
row(
  "the root namespace's Sidecar holds where there is no other",
  sidecar('{ egress: [{ hosts: ["~/*"] }] }', 'root', 'istio-system'),
  {},
  BLOCKED,
);
row(
  "and not where there is one of the workload's own",
  sidecar('{ egress: [{ hosts: ["~/*"] }] }', 'root', 'istio-system') + egress('"./*"'),
  {},
  SEEN,
);
row(
  "the root namespace's Sidecar with a selector selects nobody elsewhere",
  sidecar(
    '{ workloadSelector: { labels: { app: productpage } }, egress: [{ hosts: ["~/*"] }] }',
    'root',
    'istio-system',
  ),
  {},
  SEEN,
);
row(
  'rules that a Sidecar does not let in are not heard',
  egress('"./reviews.default.svc.cluster.local"') +
    vs(
      '{ hosts: [reviews.default.svc.cluster.local], http: [{ route: [{ destination: { host: details.default.svc.cluster.local } }] }] }',
      'far',
      'other',
    ),
  {},
  { virtualService: null, ...SEEN },
);
row(
  'rules that are let in bring the services along to which they lead',
  egress('"./reviews.default.svc.cluster.local"') +
    vs('{ hosts: [reviews], http: [{ route: [{ destination: { host: details } }] }] }'),
  {},
  { outcome: 'route', picked: cluster('', 'details') },
);
row(
  'which cannot be called by their own names',
  egress('"./reviews.default.svc.cluster.local"') +
    vs('{ hosts: [reviews], http: [{ route: [{ destination: { host: details } }] }] }'),
  { authority: 'details:9080' },
  BLOCKED,
);
row(
  'an egress listener for one port lets in that port',
  sidecar('{ egress: [{ port: { number: 9080, protocol: HTTP, name: http }, hosts: ["./*"] }] }'),
  {},
  SEEN,
);
row(
  'a Sidecar that says nothing of unknown hosts leaves it to the mesh',
  egress('"./*"'),
  { authority: 'nobody.example' },
  BLOCKED,
);
row(
  'a Sidecar that opens to unknown hosts',
  egress('"./*"', ', outboundTrafficPolicy: { mode: ALLOW_ANY }'),
  { authority: 'nobody.example:8443' },
  { outcome: 'route', picked: 'PassthroughCluster' },
);

const FAR = `---\napiVersion: v1\nkind: Service\nmetadata: { name: far, namespace: other, annotations: { networking.istio.io/exportTo: "EXPORT" } }\nspec: { ports: [{ port: 80, name: http }] }\n`;
const far = (to: string) => FAR.replace('EXPORT', to);
const CALL_FAR = { authority: 'far.other' };
const FAR_SEEN = { outcome: 'route', picked: 'outbound|80||far.other.svc.cluster.local' } as const;
row('a Service that is shown to all', far('*'), CALL_FAR, FAR_SEEN);
row('a Service that is shown to its own namespace', far('.'), CALL_FAR, BLOCKED);
row('a Service that is shown to this namespace', far('default'), CALL_FAR, FAR_SEEN);
row('a Service that is shown to several', far('x, default'), CALL_FAR, FAR_SEEN);
row('a Service that is shown to nobody', far('~'), CALL_FAR, BLOCKED);
row('a service of another namespace has no short name', far('*'), { authority: 'far' }, BLOCKED);
row('but three longer ones: ns', far('*'), { authority: 'far.other' }, FAR_SEEN);
row('but three longer ones: ns.svc', far('*'), { authority: 'far.other.svc' }, FAR_SEEN);
row('but three longer ones: the whole', far('*'), { authority: 'far.other.svc.cluster.local' }, FAR_SEEN);
row('a name ends with a dot', far('*'), { authority: 'far.other.svc.cluster.local.' }, FAR_SEEN);
row('a name in capital letters', far('*'), { authority: 'FAR.other' }, FAR_SEEN);

const PORT = 'ports: [{ number: 80, name: http, protocol: HTTP }]';
const ENTRY = { authority: 'api.example' };
const ENTRY_SEEN = { outcome: 'route', picked: 'outbound|80||api.example' } as const;
row(
  'a ServiceEntry with fixed addresses',
  entry(`{ hosts: [api.example], ${PORT}, resolution: STATIC, endpoints: [{ address: 10.0.0.1 }] }`),
  ENTRY,
  ENTRY_SEEN,
);
row(
  'a ServiceEntry that is looked up',
  entry(`{ hosts: [api.example], ${PORT}, resolution: DNS }`),
  ENTRY,
  ENTRY_SEEN,
);
row(
  'a ServiceEntry that is looked up, one address at a time',
  entry(`{ hosts: [api.example], ${PORT}, resolution: DNS_ROUND_ROBIN }`),
  ENTRY,
  ENTRY_SEEN,
);
row('a ServiceEntry without resolution', entry(`{ hosts: [api.example], ${PORT} }`), ENTRY, ENTRY_SEEN);
row('a ServiceEntry with a wildcard', entry(`{ hosts: ["*.example"], ${PORT} }`), ENTRY, {
  picked: 'outbound|80||*.example',
});
row(
  'which does not stand for nothing',
  entry(`{ hosts: ["*.example"], ${PORT} }`),
  { authority: 'example' },
  BLOCKED,
);
row(
  'a ServiceEntry with a wildcard that is looked up',
  entry(`{ hosts: ["*.example"], ${PORT}, resolution: DYNAMIC_DNS }`),
  ENTRY,
  { picked: 'outbound|80||*.example' },
);
row(
  'a ServiceEntry of the mesh is called by the name that it has, and no other',
  entry(`{ hosts: [api.example], ${PORT}, location: MESH_INTERNAL, resolution: STATIC }`),
  ENTRY,
  ENTRY_SEEN,
);
row(
  'a ServiceEntry with an address is called by it',
  entry(
    '{ hosts: [api.example], addresses: [10.9.8.7], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: 10.0.0.1 }] }',
  ),
  { authority: '10.9.8.7' },
  ENTRY_SEEN,
);
row(
  'a ServiceEntry that is shown to its own namespace',
  entry(`{ hosts: [api.example], ${PORT}, exportTo: ["."] }`, 'entry', 'other'),
  ENTRY,
  BLOCKED,
);
row(
  'a ServiceEntry that is shown to nobody',
  entry(`{ hosts: [api.example], ${PORT}, exportTo: ["~"] }`),
  ENTRY,
  BLOCKED,
);
row(
  'a VirtualService speaks for a ServiceEntry',
  entry(`{ hosts: [api.example], ${PORT}, resolution: DNS }`) +
    vs('{ hosts: [api.example], http: [{ timeout: 3s, route: [{ destination: { host: api.example } }] }] }'),
  ENTRY,
  { ...ENTRY_SEEN, virtualService: 'default/reviews', timeoutMs: 3000 },
);
row(
  'a VirtualService speaks for one name under a wildcard',
  entry(`{ hosts: ["*.example"], ${PORT} }`) +
    vs(`{ hosts: [api.example], http: [{ route: [${to('v1')}] }] }`),
  ENTRY,
  { virtualService: 'default/reviews', picked: cluster('v1') },
);
row(
  'and not for the others',
  entry(`{ hosts: ["*.example"], ${PORT} }`) +
    vs(`{ hosts: [api.example], http: [{ route: [${to('v1')}] }] }`),
  { authority: 'b.example' },
  { virtualService: null, picked: 'outbound|80||*.example' },
);
row(
  'a VirtualService speaks for a host that no service has',
  vs(`{ hosts: [bookinfo.example], http: [{ route: [${to('v1')}] }] }`),
  { authority: 'bookinfo.example' },
  { virtualService: 'default/reviews', picked: cluster('v1') },
);
row(
  'and for a wildcard that no service has',
  vs(`{ hosts: ["*.bookinfo.example"], http: [{ route: [${to('v1')}] }] }`),
  { authority: 'a.bookinfo.example' },
  { virtualService: 'default/reviews', picked: cluster('v1') },
);
row(
  'a host and port that the service has not: the cluster is not there',
  '',
  { authority: 'details:1234' },
  { outcome: 'route', picked: 'outbound|1234||details.default.svc.cluster.local' },
);

const alias = (name: string, of: string) =>
  `---\napiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { type: ExternalName, externalName: ${of}, ports: [{ port: 9080, name: http }] }\n`;
row(
  'another name of a service is the service',
  alias('critics', 'reviews.default.svc.cluster.local'),
  { authority: 'critics:9080' },
  SEEN,
);
row(
  'a name of a name, too',
  alias('critics', 'reviews.default.svc.cluster.local') + alias('press', 'critics.default.svc.cluster.local'),
  { authority: 'press:9080' },
  SEEN,
);
row(
  'who calls by another name hears the rules of the service',
  alias('critics', 'reviews.default.svc.cluster.local') +
    vs(`{ hosts: [reviews], http: [{ route: [${to('v1')}] }] }`),
  { authority: 'critics:9080' },
  { virtualService: 'default/reviews', picked: cluster('v1') },
);
row(
  'rules for the other name are for callers by that name',
  alias('critics', 'reviews.default.svc.cluster.local') +
    vs(`{ hosts: [critics], http: [{ route: [${to('v1')}] }] }`),
  { authority: 'critics:9080' },
  { virtualService: 'default/reviews', picked: cluster('v1') },
);
row(
  'and for no others',
  alias('critics', 'reviews.default.svc.cluster.local') +
    vs(`{ hosts: [critics], http: [{ route: [${to('v1')}] }] }`),
  {},
  { virtualService: null, ...SEEN },
);
row(
  'a rule that leads to another name leads to the service',
  alias('critics', 'reviews.default.svc.cluster.local') +
    vs('{ hosts: [details], http: [{ route: [{ destination: { host: critics, subset: v2 } }] }] }'),
  { authority: 'details:9080' },
  { picked: cluster('v2') },
);
row(
  'a name of something that nobody knows is unknown',
  alias('out', 'api.example'),
  { authority: 'out:9080' },
  BLOCKED,
);
row(
  'a name of a ServiceEntry',
  alias('out', 'api.example') +
    entry('{ hosts: [api.example], ports: [{ number: 9080, name: http, protocol: HTTP }], resolution: DNS }'),
  { authority: 'out:9080' },
  { picked: 'outbound|9080||api.example' },
);
row(
  'names that go round in a circle are unknown',
  alias('a', 'b.default.svc.cluster.local') + alias('b', 'a.default.svc.cluster.local'),
  { authority: 'a:9080' },
  BLOCKED,
);

test('with ALLOW_ANY a call to an unknown host goes where it says, without timeout and retries', () => {
  const answer = explainOutbound(
    [{ file: 'p.yaml', text: POLICY }],
    { ...CALL, authority: 'nobody.example:8080' },
    { mesh: { outboundTrafficPolicy: 'ALLOW_ANY' } },
  );
  assert.equal(answer.outcome, 'route');
  assert.deepEqual(answer.clusters, [
    { name: 'PassthroughCluster', host: 'nobody.example', subset: '', port: 8080, weight: 1 },
  ]);
  assert.equal(answer.picked, 'PassthroughCluster');
  assert.deepEqual([answer.timeoutMs, answer.retries, answer.virtualService], [null, null, null]);
});

test('a Sidecar that speaks of unknown hosts without a mode closes what the mesh opens', () => {
  const text = POLICY + egress('"./*"', ', outboundTrafficPolicy: {}');
  const answer = explainOutbound(
    [{ file: 'p.yaml', text }],
    { ...CALL, authority: 'nobody.example' },
    { mesh: { outboundTrafficPolicy: 'ALLOW_ANY' } },
  );
  assert.equal(answer.outcome, 'blocked');
});
