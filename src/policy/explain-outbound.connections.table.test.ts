/**
 * Connections that are not HTTP as we see it, in the situations of Istio's own tests.
 * @source Istio `pilot/pkg/networking/core/tls_test.go`, `tls.go`
 */
import { row, vs } from './explain-outbound-rows.test.helper.js';

const service = (name: string, port: string) =>
  `---\napiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { ports: [${port}] }\n`;
const DB = service('db', '{ port: 27017, name: mongo }, { port: 27018, name: tcp-more }');
const SECURE = service('secure', '{ port: 443, name: tls }');
const POLICY = DB + SECURE;
const dest = (host: string, more = '') => `{ destination: { host: ${host}${more} } }`;
const at = (port: number, host: string) => `outbound|${port}||${host}.default.svc.cluster.local`;
const TCP = { protocol: 'tcp', authority: 'db:27017' } as const;
const TLS = { protocol: 'tls', authority: 'secure:443' } as const;

row('TCP without rules goes to the service', POLICY, TCP, {
  outcome: 'route',
  virtualService: null,
  picked: at(27017, 'db'),
});
row(
  'a rule without conditions',
  POLICY + vs(`{ hosts: [db], tcp: [{ route: [${dest('ratings', ', port: { number: 1 }')}] }] }`),
  TCP,
  { virtualService: 'default/reviews', route: { index: 0, name: null }, picked: at(1, 'ratings') },
);
row(
  'a destination without a port has the port that was called, if it has several',
  POLICY + vs(`{ hosts: [secure], tcp: [{ route: [${dest('db')}] }] }`),
  { protocol: 'tcp', authority: 'secure:443' },
  { picked: at(443, 'db') },
);
row(
  'a rule for another port is not for this one',
  POLICY + vs(`{ hosts: [db], tcp: [{ match: [{ port: 27018 }], route: [${dest('ratings')}] }] }`),
  TCP,
  { picked: at(27017, 'db') },
);
row(
  'a rule for this port',
  POLICY + vs(`{ hosts: [db], tcp: [{ match: [{ port: 27017 }], route: [${dest('ratings')}] }] }`),
  TCP,
  { picked: at(9080, 'ratings') },
);
row(
  'nothing comes after a rule that takes all',
  POLICY + vs(`{ hosts: [db], tcp: [{ route: [${dest('ratings')}] }, { route: [${dest('details')}] }] }`),
  TCP,
  { picked: at(9080, 'ratings') },
);
row(
  'a subnet that holds the address',
  POLICY +
    vs(
      `{ hosts: [db], tcp: [{ match: [{ destinationSubnets: [10.0.0.0/8] }], route: [${dest('ratings')}] }, { route: [${dest('details')}] }] }`,
    ),
  { ...TCP, destinationIp: '10.1.2.3' },
  { picked: at(9080, 'ratings') },
);
row(
  'a subnet that does not',
  POLICY +
    vs(
      `{ hosts: [db], tcp: [{ match: [{ destinationSubnets: [10.0.0.0/8] }], route: [${dest('ratings')}] }, { route: [${dest('details')}] }] }`,
    ),
  { ...TCP, destinationIp: '11.1.2.3' },
  { picked: at(9080, 'details') },
);
row(
  'labels, namespace and gateways hold together',
  POLICY +
    vs(
      `{ hosts: [db], tcp: [{ match: [{ gateways: [mesh], sourceLabels: { app: other } }], route: [${dest('ratings')}] }] }`,
    ),
  TCP,
  { picked: at(27017, 'db') },
);
row(
  'another namespace',
  POLICY + vs(`{ hosts: [db], tcp: [{ match: [{ sourceNamespace: other }], route: [${dest('ratings')}] }] }`),
  TCP,
  { picked: at(27017, 'db') },
);
row(
  'weights are drawn',
  POLICY +
    vs(
      '{ hosts: [db], tcp: [{ route: [{ destination: { host: ratings }, weight: 1 }, { destination: { host: details }, weight: 3 }] }] }',
    ),
  { ...TCP, random: 0.25 },
  { picked: at(9080, 'details') },
);
row(
  'a weight of 0 is left out',
  POLICY +
    vs(
      '{ hosts: [db], tcp: [{ route: [{ destination: { host: ratings }, weight: 0 }, { destination: { host: details }, weight: 3 }] }] }',
    ),
  TCP,
  { picked: at(9080, 'details') },
);
row(
  'rules for HTTP are not for TCP',
  POLICY + vs(`{ hosts: [db], http: [{ route: [${dest('ratings')}] }] }`),
  TCP,
  { virtualService: null, picked: at(27017, 'db') },
);
row(
  'one VirtualService for HTTP and another for TCP: both are heard',
  POLICY +
    vs(`{ hosts: [db], http: [{ route: [${dest('ratings')}] }] }`, 'a') +
    vs(`{ hosts: [db], tcp: [{ route: [${dest('details')}] }] }`, 'b'),
  TCP,
  { virtualService: 'default/b', picked: at(9080, 'details') },
);
row(
  'the rules for connections of several are asked one after the other',
  POLICY +
    vs(`{ hosts: [db], tcp: [{ match: [{ port: 27018 }], route: [${dest('ratings')}] }] }`, 'a') +
    vs(`{ hosts: [db], tcp: [{ match: [{ port: 27017 }], route: [${dest('details')}] }] }`, 'b'),
  TCP,
  { virtualService: 'default/b', picked: at(9080, 'details') },
);

row('TLS without rules goes to the service', POLICY, TLS, {
  outcome: 'route',
  virtualService: null,
  picked: at(443, 'secure'),
});
row(
  'a name that is asked for',
  POLICY + vs(`{ hosts: [secure], tls: [{ match: [{ sniHosts: [secure] }], route: [${dest('ratings')}] }] }`),
  TLS,
  { virtualService: 'default/reviews', picked: at(9080, 'ratings') },
);
row(
  'a name under a wildcard',
  POLICY +
    vs(
      `{ hosts: ["*.default.svc.cluster.local"], tls: [{ match: [{ sniHosts: ["*.default.svc.cluster.local"] }], route: [${dest('ratings')}] }] }`,
    ),
  { ...TLS, sni: 'secure.default.svc.cluster.local' },
  { picked: at(9080, 'ratings') },
);
row(
  'a name that no rule knows has no route',
  POLICY + vs(`{ hosts: [secure], tls: [{ match: [{ sniHosts: [secure] }], route: [${dest('ratings')}] }] }`),
  { ...TLS, sni: 'other.example' },
  { outcome: 'noRoute' },
);
row(
  'the first of two rules for one name stays',
  POLICY +
    vs(
      `{ hosts: [secure], tls: [{ match: [{ sniHosts: [secure] }], route: [${dest('ratings')}] }, { match: [{ sniHosts: [secure] }], route: [${dest('details')}] }] }`,
    ),
  TLS,
  { picked: at(9080, 'ratings') },
);
row(
  'unless it is for other callers',
  POLICY +
    vs(
      `{ hosts: [secure], tls: [{ match: [{ sniHosts: [secure], sourceLabels: { app: other } }], route: [${dest('ratings')}] }, { match: [{ sniHosts: [secure] }], route: [${dest('details')}] }] }`,
    ),
  TLS,
  { picked: at(9080, 'details') },
);
row(
  'rules for another port leave TLS to the service',
  POLICY +
    vs(
      `{ hosts: [secure], tls: [{ match: [{ port: 8443, sniHosts: [secure] }], route: [${dest('ratings')}] }] }`,
    ),
  TLS,
  { picked: at(443, 'secure') },
);
row(
  'rules for TLS of two VirtualServices',
  POLICY +
    vs(
      `{ hosts: [secure], tls: [{ match: [{ sniHosts: [secure], sourceNamespace: other }], route: [${dest('ratings')}] }] }`,
      'a',
    ) +
    vs(`{ hosts: [secure], tls: [{ match: [{ sniHosts: [secure] }], route: [${dest('details')}] }] }`, 'b'),
  TLS,
  { virtualService: 'default/b', picked: at(9080, 'details') },
);
row(
  'TLS to a host that nobody knows is blocked',
  POLICY,
  { protocol: 'tls', authority: 'nobody.example:443' },
  { outcome: 'blocked' },
);
row(
  'TLS at a gateway',
  `${POLICY}---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: front }
spec: { selector: { a: b }, servers: [{ port: { number: 443, name: tls, protocol: TLS }, hosts: ["*"], tls: { mode: PASSTHROUGH } }] }
${vs(`{ hosts: [a.example], gateways: [front], tls: [{ match: [{ sniHosts: [a.example] }], route: [${dest('ratings')}] }] }`)}`,
  { protocol: 'tls', source: { gateway: 'front' }, authority: 'a.example:443' },
  { outcome: 'route', picked: at(9080, 'ratings') },
);
