/** The decisions that `decide.mjs` measures. */

/** @param dist folder of the build, a URL @returns by name: a function that decides so many times */
export async function decisionCases(dist) {
  const load = (file) => import(new URL(file, dist).href);
  const [route, connections, authorize] = await Promise.all([
    load('traffic/route/index.js'),
    load('traffic/tcp-route/index.js').catch(() => null),
    load('security/authorize/decide.js'),
  ]);
  return {
    ...routeCases(route),
    ...(connections === null ? {} : connectionCases(connections)),
    ...authorizationCases(authorize),
    ...wholeCases(route, authorize),
  };
}

const HOST = 'reviews.default.svc.cluster.local';
const random = { next: () => 0.5 };

function routes() {
  const to = (...subsets) => ({
    kind: 'forward',
    destinations: subsets.map((subset) => ({ cluster: `outbound|9080|${subset}|${HOST}`, weight: 50 })),
  });
  const matches = [];
  for (let index = 0; index < 4; index += 1)
    matches.push(
      { uri: { prefix: `/api/v${index}/` } },
      { uri: { exact: `/exact/${index}` }, method: { exact: 'POST' } },
      { uri: { regex: `/items/[0-9]+/part${index}` } },
      { headers: [{ name: 'end-user', match: { exact: `user-${index}` } }] },
      { queryParams: [{ name: 'version', match: { exact: String(index) } }] },
    );
  return matches.map((match, index) => ({
    index,
    name: null,
    match,
    action: to('v1', 'v2'),
    timeoutMs: null,
    retries: null,
  }));
}

const request = (path, headers = {}) => ({
  method: 'GET',
  scheme: 'http',
  authority: 'reviews:9080',
  path,
  headers: Object.assign(Object.create(null), { accept: '*/*', 'user-agent': 'bench', ...headers }),
  port: 9080,
});

/** Sixteen of them, no two of the same path: what is remembered from one request must not help the next. */
const requests = (path, headers) =>
  Array.from({ length: 16 }, (_, index) => request(path.replace('#', String(index)), headers));

function routeCases({ compileRouteTable, decideRoute }) {
  const table = compileRouteTable(routes());
  const repeat = (facts, kind) => (times) => {
    for (let left = times; left > 0; left -= 1)
      if (decideRoute(table, facts[left & 15], random).kind !== kind) throw new Error(`expected ${kind}`);
  };
  return {
    'route, 20 rules, the first': repeat(requests('/api/v0/reviews/#?a=b'), 'forward'),
    'route, 20 rules, a regex (13th)': repeat(requests('/items/4#/part2?a=b'), 'forward'),
    'route, 20 rules, the last': repeat(requests('/reviews/4#?a=b&version=3'), 'forward'),
    'route, 20 rules, none': repeat(
      requests('/reviews/4#?a=b&version=9', { 'end-user': 'somebody' }),
      'noRoute',
    ),
  };
}

function connectionCases({ compileConnections, decideConnection, parseIp }) {
  const of = (match, index) => ({
    index,
    match,
    destinations: [
      { cluster: `outbound|443|v1|${HOST}`, weight: 50 },
      { cluster: `outbound|443|v2|${HOST}`, weight: 50 },
    ],
  });
  const names = Array.from({ length: 20 }, (_, index) => ({
    sniHosts: [index % 2 === 0 ? `s${index}.example.com` : `*.w${index}.example.com`],
  }));
  const subnets = Array.from({ length: 20 }, (_, index) => ({
    destinationSubnets: [`10.${index}.0.0/${16 + (index % 8)}`],
  }));
  const tls = compileConnections({ kind: 'tls', routes: names.map(of) });
  const tcp = compileConnections({ kind: 'tcp', routes: subnets.map(of) });
  const repeat = (table, facts, kind) => (times) => {
    for (let left = times; left > 0; left -= 1)
      if (decideConnection(table, facts, random).kind !== kind) throw new Error(`expected ${kind}`);
  };
  const facts = { port: 443, sni: null, destination: null };
  return {
    'TLS, 20 rules, an exact name': repeat(tls, { ...facts, sni: 's18.example.com' }, 'forward'),
    'TLS, 20 rules, a wildcard': repeat(tls, { ...facts, sni: 'a.b.w19.example.com' }, 'forward'),
    'TLS, 20 rules, none': repeat(tls, { ...facts, sni: 'other.example.org' }, 'noRoute'),
    'TCP, 20 rules, a subnet': repeat(tcp, { ...facts, destination: parseIp('10.16.0.1') }, 'forward'),
    'TCP, 20 rules, none': repeat(tcp, { ...facts, destination: parseIp('11.0.0.1') }, 'noRoute'),
  };
}

function policies() {
  const rules = [];
  for (let index = 0; index < 25; index += 1)
    rules.push(
      { to: [{ paths: { values: [`/exact/${index}`] }, methods: { values: ['GET', 'POST'] } }] },
      { to: [{ paths: { values: [`/prefix${index}/*`] } }] },
      {
        from: [{ principals: { values: [`cluster.local/ns/default/sa/caller-${index}`] } }],
        to: [{ paths: { values: ['/shared/*'] } }],
      },
      {
        from: [{ namespaces: { values: [`team-${index}`] } }],
        when: [{ key: 'request.headers[x-tier]', values: [`tier-${index}`] }],
      },
    );
  const deny = [
    { to: [{ paths: { values: ['/admin/*'] } }], from: [{ namespaces: { notValues: ['ops'] } }] },
  ];
  const of = (policy, action, list) => ({ policy, action, dryRun: false, rules: list });
  return [of('default/deny', 'DENY', deny), of('default/allow', 'ALLOW', rules)];
}

const OPTIONS = { trustDomain: 'cluster.local', pathNormalization: 'BASE' };

const exchange = (path, principal, headers = {}) => ({
  protocol: 'http',
  method: 'GET',
  authority: 'reviews:8080',
  path,
  headers: Object.assign(Object.create(null), { accept: '*/*', 'user-agent': 'bench', ...headers }),
  principal,
  peerIp: '10.0.0.1',
  remoteIp: '10.0.0.1',
  port: 8080,
  localIp: '10.0.0.2',
  sni: null,
  claims: null,
});

function authorizationCases({ compileAuthorization, decideAuthorization }) {
  const compiled = compileAuthorization(policies(), OPTIONS);
  if (compiled.problems.length > 0) throw new Error(compiled.problems.join('\n'));
  const repeat = (facts, decision) => (times) => {
    for (let left = times; left > 0; left -= 1)
      if (decideAuthorization(compiled, facts).decision !== decision) throw new Error(`expected ${decision}`);
  };
  const caller = (name) => `cluster.local/ns/default/sa/${name}`;
  const team = 'cluster.local/ns/team-24/sa/x';
  return {
    'authorize, 100 rules, an exact path': repeat(exchange('/exact/24', caller('x')), 'allow'),
    'authorize, 100 rules, a prefix': repeat(exchange('/prefix24/a/b', caller('x')), 'allow'),
    'authorize, 100 rules, a principal': repeat(exchange('/shared/a', caller('caller-24')), 'allow'),
    'authorize, 100 rules, a header (last)': repeat(exchange('/x', team, { 'x-tier': 'tier-24' }), 'allow'),
    'authorize, 100 rules, denied': repeat(exchange('/admin/x', caller('x')), 'deny'),
    'authorize, 100 rules, none': repeat(exchange('/other', caller('x')), 'deny'),
  };
}

/** What policy decides about one call: the route, what changes about the request, and at the other end whether it may come in. */
function wholeCases(
  { compileRouteTable, decideRoute, rewriteRequest },
  { compileAuthorization, decideAuthorization },
) {
  const changed = routes().map((route) => ({
    ...route,
    rewrite: { uri: '/new/' },
    headers: { request: { set: { 'x-tier': 'gold' }, remove: ['x-old'] } },
  }));
  const plain = compileRouteTable(routes());
  const rewriting = compileRouteTable(changed);
  const authorization = compileAuthorization(policies(), OPTIONS);
  const whole = (table) => (times) => {
    const call = request('/api/v3/reviews?a=b');
    const facts = exchange('/exact/3', 'cluster.local/ns/default/sa/x');
    for (let left = times; left > 0; left -= 1) {
      call.path = '/api/v3/reviews?a=b';
      const verdict = decideRoute(table, call, random);
      rewriteRequest(verdict.route, verdict.destination, call);
      if (decideAuthorization(authorization, facts).decision !== 'allow') throw new Error('expected allow');
    }
  };
  return {
    'a whole call, nothing changed': whole(plain),
    'a whole call, path and headers rewritten': whole(rewriting),
  };
}
