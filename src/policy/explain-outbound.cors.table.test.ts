/**
 * Preflights, which the mesh answers itself, whatever the rule would do with the call.
 * @source Envoy `cors_filter.cc`
 */
import { cluster, row, rules, to } from './explain-outbound-rows.test.helper.js';

const forward = (more: string) => rules(`{ ${more}, route: [${to('v1')}] }`);
const CORS = 'corsPolicy: { allowOrigins: [{ exact: "https://a" }], allowMethods: [GET], maxAge: 1m }';
const PREFLIGHT = {
  method: 'OPTIONS',
  headers: { origin: 'https://a', 'access-control-request-method': 'GET' },
};
const ANSWERED = {
  outcome: 'directResponse',
  directResponse: { status: 200, body: '' },
  clusters: [],
  picked: null,
  redirect: null,
  responseHeaders: {
    set: {
      'access-control-allow-origin': 'https://a',
      'access-control-allow-methods': 'GET',
      'access-control-max-age': '60',
    },
    add: {},
    remove: [],
  },
} as const;
row('CORS: the mesh answers a preflight itself', forward(CORS), PREFLIGHT, ANSWERED);
row('CORS: before a redirect, too', rules(`{ ${CORS}, redirect: { uri: /x } }`), PREFLIGHT, ANSWERED);
row(
  'CORS: a preflight of another origin goes on',
  forward(CORS),
  { ...PREFLIGHT, headers: { ...PREFLIGHT.headers, origin: 'https://b' } },
  {
    outcome: 'route',
    picked: cluster('v1'),
  },
);
