/**
 * What becomes of calls under the rules of Istio's own documentation: which VirtualService speaks for a host, to whom.
 * @source Istio `networking/v1alpha3/virtual_service.proto` (examples), tasks/traffic-management
 */
import { cluster, row, rules, to, vs } from './explain-outbound-rows.test.helper.js';

const JASON = rules(
  `{ match: [{ headers: { end-user: { exact: jason } } }], route: [${to('v2')}] }, { route: [${to('v1')}] }`,
);
row(
  'no rule for the call is no route, and nothing behind it is asked',
  rules(`{ match: [{ uri: { prefix: /x } }], route: [${to('v1')}] }`),
  {},
  {
    outcome: 'noRoute',
    virtualService: 'default/reviews',
    route: null,
    clusters: [],
    picked: null,
  },
);
row(
  'a host that nobody knows is blocked',
  '',
  { authority: 'nobody.example' },
  {
    outcome: 'blocked',
    virtualService: null,
    route: null,
    clusters: [],
  },
);
row(
  'a host without rules has its own cluster, its retries and no rule',
  '',
  { authority: 'details:9080' },
  {
    outcome: 'route',
    virtualService: null,
    route: null,
    clusters: [
      {
        name: cluster('', 'details'),
        host: 'details.default.svc.cluster.local',
        subset: '',
        port: 9080,
        weight: 1,
      },
    ],
    picked: cluster('', 'details'),
  },
);
row(
  'a name with a dot is not made longer',
  vs(`{ hosts: [reviews.other], http: [{ route: [${to('v1')}] }] }`),
  {},
  {
    virtualService: null,
  },
);
row(
  'a second VirtualService for a host is not heard',
  JASON + vs(`{ hosts: [reviews], http: [{ route: [${to('v3')}] }] }`, 'second'),
  { headers: { 'end-user': 'x' } },
  {
    virtualService: 'default/reviews',
    picked: cluster('v1'),
  },
);
row(
  'a list of gateways masks the labels of callers',
  rules(`{ match: [{ gateways: [mesh], sourceLabels: { app: other } }], route: [${to('v2')}] }`),
  {},
  {
    picked: cluster('v2'),
  },
);
row(
  'labels of callers are asked otherwise',
  rules(`{ match: [{ sourceLabels: { app: other } }], route: [${to('v2')}] }, { route: [${to('v1')}] }`),
  {},
  {
    picked: cluster('v1'),
  },
);
row(
  'a call over HTTPS keeps its scheme and has port 443',
  `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: wiki }
spec: { hosts: ["*.wikipedia.org"], ports: [{ number: 443, name: https, protocol: HTTPS }] }
`,
  { scheme: 'https', authority: 'en.wikipedia.org' },
  {
    outcome: 'route',
    clusters: [
      { name: 'outbound|443||*.wikipedia.org', host: '*.wikipedia.org', subset: '', port: 443, weight: 1 },
    ],
  },
);

const GATEWAY_CLAIMS = vs(
  `{ hosts: [shop.example], gateways: [front], http: [{ match: [{ headers: { "@request.auth.claims.group": { exact: admin } } }], route: [${to('v2')}] }, { match: [{ withoutHeaders: { "@request.auth.claims[realm][kind]": { exact: guest } } }], route: [${to('v1')}] }] }`,
);
const atGateway = (claims: Record<string, unknown> | null) => ({
  authority: 'shop.example:9080',
  source: { namespace: 'default', gateway: 'default/front' },
  claims,
});
row('a claim of the token leads the way', GATEWAY_CLAIMS, atGateway({ group: ['x', 'admin'] }), {
  picked: cluster('v2'),
  route: { index: 0, name: null },
});
row('a claim with another value does not', GATEWAY_CLAIMS, atGateway({ group: 'x', realm: {} }), {
  picked: cluster('v1'),
});
row('a claim that should not be there', GATEWAY_CLAIMS, atGateway({ realm: { kind: 'guest' } }), {
  outcome: 'noRoute',
});
row('without a token there are no claims', GATEWAY_CLAIMS, atGateway(null), { picked: cluster('v1') });
