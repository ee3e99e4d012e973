/**
 * What becomes of calls under the rules of Istio's own documentation: which rule takes a call.
 * @source Istio `networking/v1alpha3/virtual_service.proto` (examples), tasks/traffic-management
 */
import { cluster, row, rules, to } from './explain-outbound-rows.test.helper.js';

const CATALOG = rules(
  `{ name: v2-routes, match: [{ uri: { prefix: /wpcatalog } }, { uri: { prefix: /consumercatalog } }], rewrite: { uri: /newcatalog }, route: [${to('v2')}] }, { name: v1-route, route: [${to('v1')}] }`,
);
row(
  'a prefix is rewritten and its rule named',
  CATALOG,
  { path: '/wpcatalog/a?b=c' },
  {
    outcome: 'route',
    route: { index: 0, name: 'v2-routes' },
    picked: cluster('v2'),
    request: {
      method: 'GET',
      scheme: 'http',
      authority: 'reviews:9080',
      path: '/newcatalog/a?b=c',
      headers: { 'x-envoy-original-path': '/wpcatalog/a?b=c' },
    },
  },
);
row(
  'the second match of a rule has the same index',
  CATALOG,
  { path: '/consumercatalog' },
  {
    route: { index: 0, name: 'v2-routes' },
    picked: cluster('v2'),
  },
);
row(
  'the last rule takes the rest',
  CATALOG,
  { path: '/' },
  {
    route: { index: 1, name: 'v1-route' },
    picked: cluster('v1'),
  },
);

const JASON = rules(
  `{ match: [{ headers: { end-user: { exact: jason } } }], route: [${to('v2')}] }, { route: [${to('v1')}] }`,
);
row(
  'a user is routed by header, in any case of its name',
  JASON,
  { headers: { 'End-User': 'jason' } },
  {
    picked: cluster('v2'),
  },
);
row('another user is not', JASON, { headers: { 'end-user': 'JASON' } }, { picked: cluster('v1') });
row(
  'a cookie is matched as a whole',
  rules(
    `{ match: [{ headers: { cookie: { regex: "^(.*?;)?(user=jason)(;.*)?$" } } }], route: [${to('v2')}] }, { route: [${to('v1')}] }`,
  ),
  { headers: { cookie: 'a=b;user=jason;c=d' } },
  { picked: cluster('v2') },
);
row(
  'a method is matched by its pseudo-header',
  rules(`{ match: [{ headers: { ":method": { exact: POST } } }], route: [${to('v2')}] }`),
  { method: 'POST' },
  { picked: cluster('v2') },
);

const SPLIT = rules(`{ route: [${to('v2', 25)}, ${to('v1', 75)}] }`);
for (const [random, picked] of [
  [0, 'v2'],
  [0.249, 'v2'],
  [0.25, 'v1'],
  [0.999, 'v1'],
] as const)
  row(
    `with weights 25 and 75 a draw of ${random} is ${picked}`,
    SPLIT,
    { random },
    { picked: cluster(picked) },
  );
row('without a draw nothing is picked', SPLIT, {}, { outcome: 'route', picked: null });

row(
  'headers of the rule and of its destination go together',
  rules(
    `{ headers: { request: { set: { test: "true" } } }, route: [{ destination: { host: reviews, subset: v2 }, weight: 25 }, { destination: { host: reviews, subset: v1 }, headers: { response: { remove: [Foo] } }, weight: 75 }] }`,
  ),
  { random: 0.5 },
  {
    picked: cluster('v1'),
    responseHeaders: { set: {}, add: {}, remove: ['foo'] },
    request: {
      method: 'GET',
      scheme: 'http',
      authority: 'reviews:9080',
      path: '/reviews/0',
      headers: { test: 'true' },
    },
  },
);
