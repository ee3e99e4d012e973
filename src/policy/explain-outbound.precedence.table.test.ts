/**
 * Several VirtualServices for one host: who speaks for it in the mesh, and what is put together at a gateway.
 * @source Istio `route.go` separateVSHostsAndServices, `httproute.go` dedupeDomains, `gateway.go` buildGatewayHTTPRouteConfig
 */
import { cluster, row, to, vs } from './explain-outbound-rows.test.helper.js';

const toSubset = (subset: string) => `{ route: [${to(subset)}] }`;
const named = (name: string, more: string, subset: string, namespace = 'default') =>
  vs(
    `{ hosts: [reviews.default.svc.cluster.local], ${more} http: [{ route: [{ destination: { host: reviews.default.svc.cluster.local, subset: ${subset} } }] }] }`,
    name,
    namespace,
  );
const OTHER = { source: { namespace: 'other', labels: { app: 'x' } }, authority: 'reviews.default:9080' };

row(
  'of two the first by name speaks, where neither has a time',
  named('b', '', 'v2') + named('a', '', 'v1'),
  {},
  {
    virtualService: 'default/a',
    picked: cluster('v1'),
  },
);
row(
  'one with a time is younger than one without',
  `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a, creationTimestamp: "2020-01-01T00:00:00Z" }
spec: { hosts: [reviews], http: [${toSubset('v2')}] }
${named('z', '', 'v1')}`,
  {},
  { virtualService: 'default/z', picked: cluster('v1') },
);
row(
  'what is private to the own namespace goes before what is older and public',
  named('a', '', 'v1', 'aaa') + named('z', 'exportTo: ["."],', 'v2'),
  {},
  { virtualService: 'default/z', picked: cluster('v2') },
);
row(
  'what is exported to the namespace by name goes before what is public',
  named('a', '', 'v1') + named('z', 'exportTo: [other],', 'v2'),
  OTHER,
  { virtualService: 'default/z', picked: cluster('v2') },
);
row('what is not exported to the caller does not speak', named('a', 'exportTo: ["."],', 'v1'), OTHER, {
  virtualService: null,
  picked: cluster(''),
});
row(
  'one without a route for this caller leaves the host to the next',
  vs(
    `{ hosts: [reviews], http: [{ match: [{ sourceLabels: { app: other } }], route: [${to('v1')}] }] }`,
    'a',
  ) + named('b', '', 'v2'),
  {},
  { virtualService: 'default/b', route: { index: 0, name: null }, picked: cluster('v2') },
);
row(
  'one whose routes are for another port leaves this port to the next',
  `---
apiVersion: v1
kind: Service
metadata: { name: two }
spec: { ports: [{ port: 80, name: http }, { port: 8080, name: http-alt }] }
${vs('{ hosts: [two], http: [{ match: [{ port: 80 }], route: [{ destination: { host: details } }] }] }', 'a')}${vs('{ hosts: [two], http: [{ name: b, route: [{ destination: { host: ratings } }] }] }', 'b')}`,
  { authority: 'two:8080' },
  { virtualService: 'default/b', route: { index: 0, name: 'b' }, picked: cluster('', 'ratings') },
);
row(
  'and keeps the port that it speaks of',
  `---
apiVersion: v1
kind: Service
metadata: { name: two }
spec: { ports: [{ port: 80, name: http }, { port: 8080, name: http-alt }] }
${vs('{ hosts: [two], http: [{ match: [{ port: 80, uri: { prefix: /a } }], route: [{ destination: { host: details } }] }] }', 'a')}${vs('{ hosts: [two], http: [{ route: [{ destination: { host: ratings } }] }] }', 'b')}`,
  { authority: 'two', path: '/b' },
  { virtualService: 'default/a', outcome: 'noRoute' },
);
row(
  'a wildcard speaks for a service that nobody names more closely',
  vs(`{ hosts: ["*.default.svc.cluster.local"], http: [${toSubset('v1')}] }`, 'wild'),
  { authority: 'details:9080' },
  { virtualService: 'default/wild', picked: cluster('v1') },
);
row(
  'the longer wildcard goes before the shorter one, however old',
  vs(`{ hosts: ["*.svc.cluster.local"], http: [${toSubset('v1')}] }`, 'a') +
    vs(`{ hosts: ["*.default.svc.cluster.local"], http: [${toSubset('v2')}] }`, 'b'),
  {},
  { virtualService: 'default/b', picked: cluster('v2') },
);
row(
  'the exact name goes before a wildcard, however old',
  vs(`{ hosts: ["*.default.svc.cluster.local"], http: [${toSubset('v1')}] }`, 'a') + named('b', '', 'v2'),
  {},
  { virtualService: 'default/b', picked: cluster('v2') },
);
row(
  'where the exact one has no routes for the caller no wildcard steps in',
  vs(`{ hosts: ["*.default.svc.cluster.local"], http: [${toSubset('v1')}] }`, 'a') +
    vs(
      `{ hosts: [reviews], http: [{ match: [{ sourceNamespace: elsewhere }], route: [${to('v2')}] }] }`,
      'b',
    ),
  {},
  { virtualService: null, route: null, picked: cluster('') },
);
row(
  'a short name is one of the namespace of the resource, not of the caller',
  vs('{ hosts: [reviews], http: [{ route: [{ destination: { host: reviews } }] }] }', 'a', 'other'),
  {},
  { virtualService: null },
);
row(
  'a name with a dot is not made longer, and takes no name from a service',
  vs('{ hosts: [reviews.default], http: [{ route: [{ destination: { host: details } }] }] }', 'a'),
  { authority: 'reviews.default:9080' },
  { virtualService: null, picked: cluster('') },
);
row(
  'hosts are compared without regard to case',
  vs(`{ hosts: [Shop.Example.COM], http: [${toSubset('v1')}] }`, 'a'),
  { authority: 'SHOP.example.com' },
  { virtualService: 'default/a', picked: cluster('v1') },
);

const GATEWAY = (servers: string) => `---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: front }
spec: { selector: { istio: ingress }, servers: [${servers}] }
`;
const server = (hosts: string, more = '') =>
  `{ port: { number: 80, name: http, protocol: HTTP }, hosts: [${hosts}]${more} }`;
const atGateway = (path: string, authority = 'shop.example') => ({
  source: { namespace: 'default', gateway: 'front' },
  authority,
  path,
});
const part = (name: string, path: string, subset: string, host = 'shop.example') =>
  vs(
    `{ hosts: ["${host}"], gateways: [front], http: [{ name: r-${name}, match: [{ uri: { prefix: ${path} } }], route: [${to(subset)}] }] }`,
    name,
  );
const BOTH = GATEWAY(server('"*"')) + part('a', '/a', 'v1') + part('b', '/b', 'v2');
row('at a gateway the rules of all are put together: the first', BOTH, atGateway('/a/x'), {
  virtualService: 'default/a',
  route: { index: 0, name: 'r-a' },
  picked: 'outbound|9080|v1|reviews.default.svc.cluster.local',
});
row('at a gateway the rules of all are put together: the second', BOTH, atGateway('/b/x'), {
  virtualService: 'default/b',
  route: { index: 0, name: 'r-b' },
  picked: 'outbound|9080|v2|reviews.default.svc.cluster.local',
});
row('and what none of them takes has no route', BOTH, atGateway('/c'), { outcome: 'noRoute' });
row(
  'a rule that takes all comes last, though its VirtualService is the first',
  GATEWAY(server('"*"')) +
    vs(`{ hosts: [shop.example], gateways: [front], http: [${toSubset('v3')}] }`, 'a') +
    part('b', '/b', 'v2'),
  atGateway('/b'),
  { virtualService: 'default/b', picked: cluster('v2') },
);
row(
  'and is asked when the others are not for the call',
  GATEWAY(server('"*"')) +
    vs(`{ hosts: [shop.example], gateways: [front], http: [${toSubset('v3')}] }`, 'a') +
    part('b', '/b', 'v2'),
  atGateway('/c'),
  { virtualService: 'default/a', picked: cluster('v3') },
);
row(
  'a wildcard host is another virtual host: its rules do not help out',
  GATEWAY(server('"*"')) + part('a', '/a', 'v1') + part('b', '/b', 'v2', '*.example'),
  atGateway('/b'),
  { outcome: 'noRoute' },
);
row(
  'the gateway is given as ns/name, too',
  BOTH,
  { ...atGateway('/a'), source: { namespace: 'x', gateway: 'default/front' } },
  {
    virtualService: 'default/a',
  },
);
row(
  'and as ./name',
  BOTH,
  { ...atGateway('/a'), source: { namespace: 'default', gateway: './front' } },
  {
    virtualService: 'default/a',
  },
);
row(
  'in the mesh what is for a gateway only is not heard',
  BOTH,
  { authority: 'shop.example', path: '/a' },
  { outcome: 'blocked', virtualService: null },
);
row(
  'a gateway that opens a name under the wildcard of a VirtualService opens that name only',
  GATEWAY(server('a.example')) + part('a', '/', 'v1', '*.example'),
  atGateway('/', 'b.example'),
  { outcome: 'noRoute', virtualService: null },
);
row(
  'and the name that it opens is served',
  GATEWAY(server('a.example')) + part('a', '/', 'v1', '*.example'),
  atGateway('/', 'a.example'),
  { outcome: 'route', virtualService: 'default/a' },
);
row(
  'a gateway that opens a wildcard serves the name under it that a VirtualService has',
  GATEWAY(server('"*.example"')) + part('a', '/', 'v1', 'a.example'),
  atGateway('/', 'a.example'),
  { outcome: 'route', virtualService: 'default/a' },
);
row(
  'a gateway says from which namespaces VirtualServices may come',
  GATEWAY(server('"elsewhere/*"')) + part('a', '/', 'v1'),
  atGateway('/'),
  { outcome: 'noRoute', virtualService: null },
);
row(
  'a dot stands for the namespace of the gateway',
  GATEWAY(server('"./*"')) + part('a', '/', 'v1'),
  atGateway('/'),
  { outcome: 'route', virtualService: 'default/a' },
);
row(
  'a star stands for every namespace',
  GATEWAY(server('"*/shop.example"')) + part('a', '/', 'v1'),
  atGateway('/'),
  { outcome: 'route', virtualService: 'default/a' },
);
row(
  'a server that sends callers to HTTPS answers 301 whatever the rules say',
  GATEWAY(server('"*"', ', tls: { httpsRedirect: true }')) + part('a', '/', 'v1'),
  atGateway('/a?b=c'),
  { outcome: 'redirect', redirect: { status: 301, location: 'https://shop.example/a?b=c' } },
);
row(
  'and where nobody has rules for the host, too',
  GATEWAY(server('shop.example', ', tls: { httpsRedirect: true }')),
  atGateway('/a'),
  { outcome: 'redirect', redirect: { status: 301, location: 'https://shop.example/a' } },
);
row(
  'but not over HTTPS',
  GATEWAY(
    `${server('"*"', ', tls: { httpsRedirect: true }')}, { port: { number: 443, name: https, protocol: HTTPS }, hosts: ["*"], tls: { mode: SIMPLE, credentialName: x } }`,
  ) + part('a', '/', 'v1'),
  { ...atGateway('/a'), scheme: 'https' },
  { outcome: 'route', picked: cluster('v1') },
);
row(
  'a service is not open at a gateway by itself',
  GATEWAY(server('"*"')),
  { source: { namespace: 'default', gateway: 'front' } },
  { outcome: 'noRoute', virtualService: null },
);
row(
  'rules of a match for the gateway, and rules for the mesh, in one VirtualService: at the gateway',
  GATEWAY(server('"*"')) +
    vs(
      `{ hosts: [reviews.default.svc.cluster.local], gateways: [front, mesh], http: [{ match: [{ gateways: [front] }], route: [${to('v1')}] }, { match: [{ gateways: [mesh] }], route: [${to('v2')}] }] }`,
    ),
  { source: { namespace: 'default', gateway: 'front' }, authority: 'reviews.default.svc.cluster.local' },
  { picked: cluster('v1') },
);
row(
  'and in the mesh',
  GATEWAY(server('"*"')) +
    vs(
      `{ hosts: [reviews.default.svc.cluster.local], gateways: [front, mesh], http: [{ match: [{ gateways: [front] }], route: [${to('v1')}] }, { match: [{ gateways: [mesh] }], route: [${to('v2')}] }] }`,
    ),
  {},
  { picked: cluster('v2'), route: { index: 1, name: null } },
);
