import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResources } from './parse.js';
import type { Message } from './resource.js';
import { validateResource } from './validate.js';

function check(kind: string, spec: unknown, group = 'networking.istio.io/v1'): Message[] {
  const text = JSON.stringify(
    { apiVersion: group, kind, metadata: { name: 'x', namespace: 'ns' }, spec },
    null,
    1,
  );
  const parsed = parseResources([{ file: 'x.json', text }]);
  return [...parsed.messages, ...parsed.resources.flatMap(validateResource)];
}

/** `level code path`, without the words. */
function found(kind: string, spec: unknown, group?: string): string[] {
  return check(kind, spec, group).map(({ level, code, path }) => `${level} ${code} ${path}`);
}

const to = (host: string, weight?: number) => ({
  destination: { host },
  ...(weight !== undefined && { weight }),
});
const http = (rule: object) => ({ hosts: ['a.example'], http: [rule] });
const rule = (parts: object) => http({ route: [to('b.example')], ...parts });

/** One row: a spec, and what is found. */
function virtualService(name: string, spec: unknown, ...expected: string[]): void {
  test(`VirtualService: ${name}`, () => assert.deepEqual(found('VirtualService', spec), expected));
}

virtualService('a plain rule is right', rule({}));
virtualService('a misspelt field is an error', rule({ timeot: '1s' }), 'error IST0106 spec.http[0].timeot');
virtualService('0s is too short', rule({ timeout: '0s' }), 'error IST0106 spec.http[0].timeout');
virtualService(
  'parts of a millisecond are refused',
  rule({ timeout: '1.5ms' }),
  'error IST0106 spec.http[0].timeout',
);
virtualService('text is not a duration', rule({ timeout: 'soon' }), 'error IST0106 spec.http[0].timeout');
virtualService(
  'retryOn is split without trimming',
  rule({ retries: { attempts: 1, retryOn: '5xx, reset' } }),
  'error IST0106 spec.http[0].retries.retryOn',
);
virtualService(
  'no attempts with a condition contradict each other, with a backoff they do not',
  rule({ retries: { attempts: 0, retryOn: '5xx', backoff: '1s' } }),
  'error IST0106 spec.http[0].retries.retryOn',
);
virtualService(
  'hosts of one VirtualService overlap',
  { ...rule({}), hosts: ['*.foo.com', 'a.foo.com'] },
  'error IST0106 spec.hosts[1]',
);
virtualService("'*' in the mesh is refused", { ...rule({}), hosts: ['*'] }, 'error IST0106 spec.hosts[0]');
virtualService("'*' at a gateway is right", { ...rule({}), hosts: ['*'], gateways: ['gw'] });
virtualService(
  'weights that add up to 0 are refused',
  http({ route: [to('a', 0), to('b', 0)] }),
  'error IST0106 spec.http[0].route',
);
virtualService('one destination of weight 0 is right', http({ route: [to('a', 0)] }));
virtualService(
  'a regular expression of 1025 characters is refused',
  rule({ match: [{ uri: { regex: 'a'.repeat(1025) } }] }),
  'error IST0106 spec.http[0].match[0].uri.regex',
);
virtualService(
  'a regular expression that RE2 takes and that is too large for Heddle is not done',
  rule({ match: [{ uri: { regex: '(?:[a-z]{20}){50}'.repeat(20) } }] }),
  'error HDL0007 spec.http[0].match[0].uri.regex',
);
virtualService(
  'so it is in a rewrite',
  rule({ rewrite: { uriRegexRewrite: { match: '(?:[a-z]{20}){50}'.repeat(20), rewrite: '/' } } }),
  'error HDL0007 spec.http[0].rewrite.uriRegexRewrite.match',
);
virtualService(
  'and in an origin',
  rule({ corsPolicy: { allowOrigins: [{ regex: '(?:[a-z]{20}){50}'.repeat(20) }] } }),
  'error HDL0007 spec.http[0].corsPolicy.allowOrigins[0].regex',
);
virtualService(
  'look-ahead is not RE2',
  rule({ match: [{ headers: { a: { regex: '(?=x)' } } }] }),
  'error IST0106 spec.http[0].match[0].headers.a.regex',
);
virtualService(
  'an empty prefix passes for the uri only',
  rule({ match: [{ uri: { prefix: '' }, authority: { prefix: '' } }] }),
  'error IST0106 spec.http[0].match[0].authority.prefix',
);
virtualService('status 600 is accepted', http({ directResponse: { status: 600 } }));
virtualService(
  'status 601 is not',
  http({ directResponse: { status: 601 } }),
  'error IST0106 spec.http[0].directResponse.status',
);
virtualService('a rule that does nothing is refused', http({}), 'error IST0106 spec.http[0]');
virtualService(
  'route and redirect exclude each other',
  rule({ redirect: { uri: '/x' } }),
  'error IST0106 spec.http[0].route',
);
virtualService(
  'a redirect code that few know is told',
  http({ redirect: { uri: '/x', redirectCode: 304 } }),
  'info HDL0006 spec.http[0].redirect.redirectCode',
);
virtualService(
  'prefixRewrite needs prefix matches',
  http({ match: [{ uri: { exact: '/a' } }], redirect: { prefixRewrite: '/x' } }),
  'error IST0106 spec.http[0].redirect.prefixRewrite',
);
virtualService(
  'an authority said twice is refused',
  rule({ rewrite: { authority: 'x' }, headers: { request: { set: { host: 'y' } } } }),
  'error IST0106 spec.http[0]',
);
virtualService(
  'a lone percent sign in a header is refused',
  rule({ headers: { request: { set: { a: '50%' } } } }),
  'error IST0106 spec.http[0].headers.request.set.a',
);
virtualService(
  'host cannot be set on responses',
  rule({ headers: { response: { set: { host: 'a' } } } }),
  'error IST0106 spec.http[0].headers.response.set.host',
);
virtualService(
  'a percentage below 0.0001 is refused',
  rule({ fault: { abort: { percentage: { value: 0.00001 }, httpStatus: 503 } } }),
  'error IST0106 spec.http[0].fault.abort.percentage.value',
);
virtualService(
  'an abort without a status is only a warning',
  rule({ fault: { abort: { percentage: { value: 1 } } } }),
  'warning IST0133 spec.http[0].fault.abort',
);
virtualService(
  'an unknown gRPC status is refused, and a missing delay told',
  rule({ fault: { abort: { grpcStatus: 'unavailable' }, delay: { percentage: { value: 1 } } } }),
  'info HDL0006 spec.http[0].fault.delay',
  'error IST0106 spec.http[0].fault.abort.grpcStatus',
);
virtualService(
  'mirror and mirrors exclude each other, and mirrorPercent is old',
  rule({ mirror: { host: 'a' }, mirrors: [{ destination: { host: 'b' } }], mirrorPercent: 5 }),
  'error IST0106 spec.http[0].mirrors',
  'warning IST0133 spec.http[0].mirrorPercent',
);
virtualService(
  'the maximum age of CORS is in whole seconds',
  rule({ corsPolicy: { allowOrigins: [{ exact: '*' }], maxAge: '1500ms' } }),
  'error IST0106 spec.http[0].corsPolicy.maxAge',
);
virtualService(
  'a replacement cannot name a group that is not there',
  rule({ rewrite: { uriRegexRewrite: { match: '/a', rewrite: '\\1' } } }),
  'error HDL0007 spec.http[0].rewrite.uriRegexRewrite.rewrite',
);
virtualService(
  'connections need destinations, and TLS names',
  { hosts: ['a.example'], tcp: [{}], tls: [{ match: [{}], route: [to('a')] }] },
  'error IST0106 spec.tls[0].match[0].sniHosts',
  'error IST0106 spec.tcp[0].route',
);
virtualService('a delegate may be somewhere else', http({ delegate: { name: 'x', namespace: 'y' } }));
virtualService(
  'what is wrong with a gateway behind the mesh is told, as Istio looks no further',
  { ...rule({}), gateways: ['mesh', 'x/*'] },
  'info HDL0006 spec.gateways[1]',
);
virtualService(
  'exportTo: * stands alone',
  { ...rule({}), exportTo: ['*', 'b'] },
  'error IST0106 spec.exportTo',
);
virtualService(
  'exportTo: . and the own namespace are the same',
  { ...rule({}), exportTo: ['.', 'ns'] },
  'error IST0106 spec.exportTo',
);
virtualService(
  'a rule behind one that takes everything is never reached',
  { hosts: ['a.example'], http: [{ route: [to('a')] }, { route: [to('b')] }] },
  'warning IST0130 spec.http[1]',
);
virtualService(
  'a rule whose matches were all taken is never reached',
  {
    hosts: ['a.example'],
    http: [
      { match: [{ uri: { exact: '/a' } }], route: [to('a')] },
      { match: [{ uri: { exact: '/a' } }], route: [to('b')] },
    ],
  },
  'warning IST0131 spec.http[1].match[0]',
  'warning IST0130 spec.http[1]',
);
virtualService(
  'a prefix that an earlier prefix covers has no effect, unless headers differ',
  {
    hosts: ['a.example'],
    http: [
      { match: [{ uri: { prefix: '/a' } }], route: [to('a')] },
      {
        match: [{ uri: { prefix: '/a/b' } }, { uri: { prefix: '/a/c' }, headers: { x: { exact: '1' } } }],
        route: [to('b')],
      },
    ],
  },
  'warning IST0131 spec.http[1].match[0]',
);

/** One row for DestinationRules. */
function destinationRule(name: string, spec: object, ...expected: string[]): void {
  test(`DestinationRule: ${name}`, () =>
    assert.deepEqual(found('DestinationRule', { host: 'a.example', ...spec }), expected));
}

destinationRule('an empty policy is refused', { trafficPolicy: {} }, 'error IST0106 spec.trafficPolicy');
destinationRule(
  'a Maglev table is prime',
  {
    trafficPolicy: {
      loadBalancer: { consistentHash: { httpHeaderName: 'a', maglev: { tableSize: 65536 } } },
    },
  },
  'error IST0106 spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize',
);
destinationRule(
  'a cookie needs a name',
  { trafficPolicy: { loadBalancer: { consistentHash: { httpCookie: { ttl: '0s' } } } } },
  'error IST0106 spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.name',
);
destinationRule(
  'a selector cannot be exported to all',
  { workloadSelector: { matchLabels: { a: 'b' } }, exportTo: ['*'] },
  'error IST0106 spec.exportTo',
);
destinationRule(
  'local failures need the split',
  { trafficPolicy: { outlierDetection: { consecutiveLocalOriginFailures: 1, consecutiveErrors: 2 } } },
  'warning IST0133 spec.trafficPolicy.outlierDetection.consecutiveErrors',
  'error IST0106 spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures',
);
destinationRule(
  'negative numbers and short timeouts are refused, an idle timeout of 0s is not',
  {
    trafficPolicy: {
      connectionPool: { tcp: { maxConnections: -1, connectTimeout: '0s', idleTimeout: '0s' } },
    },
  },
  'error IST0106 spec.trafficPolicy.connectionPool.tcp.maxConnections',
  'error IST0106 spec.trafficPolicy.connectionPool.tcp.connectTimeout',
);
destinationRule(
  'MUTUAL needs certificate and key',
  { trafficPolicy: { tls: { mode: 'MUTUAL' } } },
  'error IST0106 spec.trafficPolicy.tls.clientCertificate',
  'error IST0106 spec.trafficPolicy.tls.privateKey',
);
destinationRule(
  'ISTIO_MUTUAL has no use for files',
  { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL', caCertificates: '/ca' } } },
  'info HDL0006 spec.trafficPolicy.tls.caCertificates',
);
destinationRule(
  'what TLS that is not switched on would need is told',
  { trafficPolicy: { tls: { sni: 'a.example', subjectAltNames: [], caCertificates: '/ca' } } },
  'info HDL0006 spec.trafficPolicy.tls.caCertificates',
  'info HDL0006 spec.trafficPolicy.tls.sni',
);
destinationRule(
  'a certificate that SIMPLE does not show is told',
  { trafficPolicy: { tls: { mode: 'SIMPLE', clientCertificate: '/c', insecureSkipVerify: false } } },
  'info HDL0006 spec.trafficPolicy.tls.clientCertificate',
);
destinationRule(
  'a slow start that has no effect is told',
  { trafficPolicy: { loadBalancer: { simple: 'RANDOM', warmup: { duration: '30s' } } } },
  'info HDL0006 spec.trafficPolicy.loadBalancer.warmup',
);
destinationRule(
  'subsets have names of their own',
  { subsets: [{ name: 'v1' }, { name: 'v1' }, { name: 'V_2' }] },
  'error IST0106 spec.subsets[1].name',
  'error IST0106 spec.subsets[2].name',
);
destinationRule(
  'a port needs a number and something to say',
  { trafficPolicy: { portLevelSettings: [{}, { port: { number: 80 } }] } },
  'error IST0106 spec.trafficPolicy.portLevelSettings[0]',
  'error IST0106 spec.trafficPolicy.portLevelSettings[0]',
  'error IST0106 spec.trafficPolicy.portLevelSettings[1]',
);
destinationRule(
  'what has no effect on calls is told, what Heddle cannot do is refused',
  {
    trafficPolicy: {
      tunnel: { targetHost: 'proxy.example', targetPort: 3128 },
      connectionPool: { http: { maxConcurrentStreams: 100, useClientProtocol: true } },
      retryBudget: { percent: 20, budgetInterval: '10s' },
    },
    subsets: [{ name: 'a', trafficPolicy: { connectionPool: { tcp: { tcpKeepalive: { probes: 3 } } } } }],
  },
  'info HDL0006 spec.trafficPolicy.tunnel',
  'info HDL0006 spec.trafficPolicy.connectionPool.http.useClientProtocol',
  'error HDL0007 spec.trafficPolicy.retryBudget.budgetInterval',
  'info HDL0006 spec.subsets[0].trafficPolicy.connectionPool.tcp.tcpKeepalive.probes',
);
destinationRule(
  'what Istio does not warn of in subsets is told',
  { subsets: [{ name: 'a', trafficPolicy: { outlierDetection: { consecutiveErrors: 5 } } }] },
  'info HDL0006 spec.subsets[0].trafficPolicy.outlierDetection.consecutiveErrors',
);

/** One row for ServiceEntries. */
function serviceEntry(name: string, spec: object, ...expected: string[]): void {
  const base = {
    hosts: ['a.example'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    resolution: 'STATIC',
  };
  test(`ServiceEntry: ${name}`, () =>
    assert.deepEqual(found('ServiceEntry', { ...base, ...spec }), expected));
}

serviceEntry('a static list is right', { endpoints: [{ address: '10.0.0.1', ports: { http: 8080 } }] });
serviceEntry("'*' is refused", { hosts: ['*'] }, 'error IST0106 spec.hosts[0]');
serviceEntry(
  'ports are unique and endpoints name them',
  {
    ports: [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 80, name: 'http', protocol: 'SMTP' },
    ],
    endpoints: [{ address: '10.0.0.1', ports: { web: 1 } }],
  },
  'error IST0106 spec.ports[1].number',
  'error IST0106 spec.ports[1].name',
  'error IST0106 spec.ports[1].protocol',
  'error IST0106 spec.endpoints[0].ports.web',
);
serviceEntry(
  'NONE has no endpoints',
  { resolution: 'NONE', endpoints: [{ address: '10.0.0.1' }] },
  'error IST0106 spec.endpoints',
);
serviceEntry(
  'a wildcard cannot be looked up',
  { resolution: 'DNS', hosts: ['*.a.example'] },
  'error IST0106 spec.hosts[0]',
);
serviceEntry(
  'a TCP port without addresses is a warning of its own',
  { resolution: 'NONE', ports: [{ number: 1, name: 'a', protocol: 'TCP' }] },
  'warning IST0134 spec.ports[0]',
);
serviceEntry(
  'an endpoint needs an address, and a range needs NONE or STATIC',
  { resolution: 'DNS', endpoints: [{}], addresses: ['10.0.0.0/8', 'x'] },
  'error IST0106 spec.addresses[0]',
  'error IST0106 spec.addresses[1]',
  'error IST0106 spec.endpoints[0].address',
);

test('ResiliencePolicy: a breaker is checked and an empty one is refused', () => {
  const policy = (spec: object) => found('ResiliencePolicy', spec, 'heddle.dev/v1');
  assert.deepEqual(policy({ host: 'ratings', breaker: { errorThresholdPercent: 50, window: '10s' } }), []);
  assert.deepEqual(policy({ host: 'ratings', breaker: { errorThresholdPercent: 101, openDuration: '0s' } }), [
    'error IST0106 spec.breaker.errorThresholdPercent',
    'error IST0106 spec.breaker.openDuration',
  ]);
  assert.deepEqual(policy({ host: 'ratings' }), ['error IST0106 spec']);
});

test('annotations that only Istio may write are refused', () => {
  const text = JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'x', annotations: { 'internal.istio.io/parents': 'a', 'istio.io/dry-run': 'true' } },
    spec: { host: 'a.example' },
  });
  const messages = parseResources([{ file: 'x.json', text }]).resources.flatMap(validateResource);
  assert.deepEqual(
    messages.map(({ level, code, path }) => `${level} ${code} ${path}`),
    [
      'error IST0106 metadata.annotations.istio.io/dry-run',
      'error IST0106 metadata.annotations.internal.istio.io/parents',
    ],
  );
});

test('a message says kind, name, file, line and the field that was meant', () => {
  const [message] = check('DestinationRule', { host: 'a', subsetz: [] });
  assert.equal(message?.message, "'subsetz' is not a field; did you mean 'subsets'?");
  assert.deepEqual(
    [message.kind, message.namespace, message.name, message.file, message.line, message.path],
    ['DestinationRule', 'ns', 'x', 'x.json', 10, 'spec.subsetz'],
  );
});
