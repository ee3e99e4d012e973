/** Policy of the benchmarks: one service of many endpoints, and every feature that can be switched on for it. */

/**
 * @param {object} of
 * @param {number[]} of.ports one endpoint each
 * @param {boolean} of.tls mutual TLS, or plain text
 * @param {number} [of.rules] routes before the one that matches count as well; 1: only that one
 * @param {'ROUND_ROBIN' | 'LEAST_REQUEST' | 'RANDOM'} [of.balancer]
 * @param {boolean} [of.outlier] consecutive 5xx
 * @param {boolean} [of.limits] connections and requests
 * @param {boolean} [of.timeout] five seconds
 * @param {boolean} [of.retries] armed: two
 * @param {number} [of.spansPercent] of the traces that begin here @default what the SDK's sampler says
 * @param {'HTTP' | 'GRPC'} [of.protocol]
 */
export function policyYaml({
  ports,
  tls,
  rules = 1,
  balancer = 'ROUND_ROBIN',
  protocol = 'HTTP',
  ...features
}) {
  const endpoints = ports.map((port) => ({
    address: '127.0.0.1',
    ports: { http: port },
    serviceAccount: 'peer',
    ...(tls && { labels: { 'security.istio.io/tlsMode': 'istio' } }),
  }));
  const documents = [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'peer' },
      spec: {
        hosts: ['peer.example'],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        ports: [{ number: 80, name: 'http', protocol }],
        endpoints,
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'peer' },
      spec: {
        host: 'peer.example',
        trafficPolicy: {
          loadBalancer: { simple: balancer },
          ...(features.outlier && { outlierDetection: { consecutive5xxErrors: 5 } }),
          ...(features.limits && {
            connectionPool: {
              tcp: { maxConnections: 1000 },
              http: { http2MaxRequests: 1000, http1MaxPendingRequests: 1000 },
            },
          }),
        },
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'peer' },
      spec: {
        hosts: ['peer.example'],
        http: [...otherRules(rules - 1), lastRule({ protocol, ...features })],
      },
    },
  ];
  if (tls)
    documents.push({
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'istio-system' },
      spec: { mtls: { mode: 'STRICT' } },
    });
  if (features.spansPercent !== undefined) documents.push(sampling(features.spansPercent));
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}

function sampling(percent) {
  return {
    apiVersion: 'telemetry.istio.io/v1',
    kind: 'Telemetry',
    metadata: { name: 'default', namespace: 'istio-system' },
    spec: { tracing: [{ randomSamplingPercentage: percent }] },
  };
}

/** With everything on, as the goals mean it. */
export const EVERYTHING = {
  rules: 20,
  balancer: 'LEAST_REQUEST',
  outlier: true,
  limits: true,
  timeout: true,
  retries: true,
  spansPercent: 1,
};

const ITEMS = { methods: ['GET'], paths: ['/api/items/*'] };

/** Policy of one that is called. @param rules of authorization, of which the last lets the benchmark's callers do `operation`; 0: none are asked for */
export function serverPolicy({ rules, spansPercent, operation = ITEMS }) {
  const documents = [
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'istio-system' },
      spec: { mtls: { mode: 'STRICT' } },
    },
  ];
  const last = {
    from: [{ source: { principals: ['cluster.local/ns/default/sa/peer'] } }],
    to: [{ operation }],
  };
  const others = Array.from({ length: rules - 1 }, (_, index) => ({
    from: [{ source: { principals: [`cluster.local/ns/shop/sa/caller-${index}`] } }],
    to: [{ operation: { methods: ['GET', 'POST'], paths: [`/api/v${index}/*`] } }],
  }));
  const all = rules > 0 ? [...others, last] : [];
  for (let at = 0; at < all.length; at += MOST_RULES)
    documents.push({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: `callers-${at}`, namespace: 'istio-system' },
      spec: { action: 'ALLOW', rules: all.slice(at, at + MOST_RULES) },
    });
  if (spansPercent !== undefined) documents.push(sampling(spansPercent));
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}

/** Of one policy. */
const MOST_RULES = 500;

const route = [{ destination: { host: 'peer.example' } }];

/** The usual kinds in turn; none of them is for the benchmark's calls. */
function otherRules(count) {
  return Array.from({ length: count }, (_, index) => ({
    match: [
      [
        { uri: { prefix: `/api/v${index}/` } },
        { uri: { exact: `/exact/${index}` }, method: { exact: 'POST' } },
        { headers: { 'end-user': { exact: `user-${index}` } } },
        { uri: { regex: `/items/[0-9]+/part${index}` } },
        { queryParams: { version: { exact: String(index) } } },
      ][index % 5],
    ],
    route,
  }));
}

function lastRule({ timeout, retries, protocol }) {
  const retryOn = `connect-failure,reset,${protocol === 'GRPC' ? 'unavailable' : '503'}`;
  return {
    route,
    ...(timeout && { timeout: '5s' }),
    retries: retries ? { attempts: 2, retryOn } : { attempts: 0 },
  };
}
