/** Whatever documents say, as long as they can be read: the whole pipeline either works or says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMeshError } from '../base/errors.js';
import { decideRoute, rewriteRequest } from '../traffic/route/index.js';
import { compileHost } from './compile.js';
import { buildHostTable } from './host-table.js';
import { parseResources } from './parse.js';
import { resolve } from './resolve/index.js';
import { validateResource } from './validate.js';

const name = fc.constantFrom(
  'a',
  'b',
  'a.default.svc.cluster.local',
  '*.example.com',
  '*',
  '',
  'A_b',
  '10.0.0.1',
);
const words = fc.constantFrom(
  '',
  '/',
  '/a',
  '.*',
  '(',
  '*',
  '[a-z]+',
  '1s',
  '0s',
  '%',
  '%REQ(a)%',
  'GET',
  'v1',
  '\\1',
  '5xx',
);
const numbers = fc.constantFrom(-1, 0, 1, 50, 80, 200, 301, 65_537, 1e9, 0.5);
const match = fc.oneof(
  fc.record({ exact: words }),
  fc.record({ prefix: words }),
  fc.record({ regex: words }),
  fc.constant({}),
  fc.record({ exact: words, regex: words }),
);
const named = fc.dictionary(words, match, { maxKeys: 2 });
const destination = fc.record(
  { host: name, subset: words, port: fc.record({ number: numbers }) },
  { requiredKeys: ['host'] },
);
const operations = fc.record(
  {
    set: fc.dictionary(words, words, { maxKeys: 2 }),
    add: fc.dictionary(words, words, { maxKeys: 2 }),
    remove: fc.array(words, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const headers = fc.record({ request: operations, response: operations }, { requiredKeys: [] });

const rule = fc.record(
  {
    name: words,
    match: fc.array(
      fc.record(
        {
          uri: match,
          method: match,
          headers: named,
          withoutHeaders: named,
          queryParams: named,
          port: numbers,
          ignoreUriCase: fc.boolean(),
          gateways: fc.array(name, { maxLength: 1 }),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 3 },
    ),
    route: fc.array(fc.record({ destination, weight: numbers, headers }, { requiredKeys: ['destination'] }), {
      maxLength: 3,
    }),
    redirect: fc.record(
      { uri: words, prefixRewrite: words, port: numbers, redirectCode: numbers, scheme: words },
      { requiredKeys: [] },
    ),
    directResponse: fc.record({ status: numbers }),
    rewrite: fc.record(
      { uri: words, uriRegexRewrite: fc.record({ match: words, rewrite: words }) },
      { requiredKeys: [] },
    ),
    timeout: words,
    retries: fc.record({ attempts: numbers, retryOn: words, perTryTimeout: words }, { requiredKeys: [] }),
    fault: fc.record(
      { abort: fc.record({ httpStatus: numbers, percentage: fc.record({ value: numbers }) }) },
      { requiredKeys: [] },
    ),
    mirror: destination,
    headers,
    corsPolicy: fc.record(
      { allowOrigins: fc.array(match, { maxLength: 2 }), maxAge: words },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const policyBlock = fc.record(
  {
    loadBalancer: fc.record(
      {
        simple: fc.constantFrom('RANDOM', 'ROUND_ROBIN', 'NOPE'),
        consistentHash: fc.record({ httpHeaderName: words }),
      },
      { requiredKeys: [] },
    ),
    connectionPool: fc.record(
      { http: fc.record({ maxRetries: numbers, idleTimeout: words }) },
      { requiredKeys: [] },
    ),
    outlierDetection: fc.record({ consecutive5xxErrors: numbers, interval: words }, { requiredKeys: [] }),
    tls: fc.record({ mode: fc.constantFrom('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL') }),
    portLevelSettings: fc.array(fc.record({ port: fc.record({ number: numbers }) }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

const spec = fc.oneof(
  fc
    .record(
      {
        hosts: fc.array(name, { maxLength: 3 }),
        http: fc.array(rule, { maxLength: 3 }),
        exportTo: fc.array(words, { maxLength: 2 }),
      },
      { requiredKeys: ['hosts'] },
    )
    .map((value) => ['VirtualService', value] as const),
  fc
    .record(
      {
        host: name,
        trafficPolicy: policyBlock,
        subsets: fc.array(fc.record({ name: words, trafficPolicy: policyBlock }), { maxLength: 2 }),
      },
      { requiredKeys: ['host'] },
    )
    .map((value) => ['DestinationRule', value] as const),
  fc
    .record(
      {
        hosts: fc.array(name, { maxLength: 2 }),
        ports: fc.array(fc.record({ number: numbers, name: words, protocol: words }), { maxLength: 2 }),
        resolution: fc.constantFrom('NONE', 'STATIC', 'DNS'),
        endpoints: fc.array(fc.record({ address: name }), { maxLength: 2 }),
      },
      { requiredKeys: [] },
    )
    .map((value) => ['ServiceEntry', value] as const),
);

const documents = fc.array(spec, { maxLength: 4 }).map((all) =>
  all
    .map(([kind, value], index) =>
      JSON.stringify({
        apiVersion: 'networking.istio.io/v1',
        kind,
        metadata: { name: `n${index}` },
        spec: value,
      }),
    )
    .join('\n---\n'),
);

const SCOPE = { namespace: 'default', service: '', labels: {} };
const OPTIONS = {
  revision: 1,
  mesh: { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' },
} as const;

test('what is not validated compiles, or is refused with HEDDLE_INVALID_POLICY', () => {
  fc.assert(
    fc.property(documents, (text) => {
      const resources = parseResources([{ file: 'f', text }]).resources.map(({ resource }) => resource);
      for (const host of resolve(resources, [], [], SCOPE, OPTIONS).hosts) {
        try {
          compileHost(host);
        } catch (error) {
          assert.ok(isMeshError(error, 'HEDDLE_INVALID_POLICY'), String(error));
        }
      }
    }),
    { numRuns: 400, seed: 5 },
  );
});

test('what validation passes always compiles, and every call to it is decided', () => {
  let compiled = 0;
  fc.assert(
    fc.property(documents, fc.constantFrom(0, 0.3, 0.999), (text, draw) => {
      const parsed = parseResources([{ file: 'f', text }]);
      const valid = parsed.resources.filter((one) =>
        validateResource(one).every(({ level }) => level !== 'error'),
      );
      const policy = resolve(
        valid.map(({ resource }) => resource),
        [],
        [],
        SCOPE,
        OPTIONS,
      );
      assert.deepEqual(JSON.parse(JSON.stringify(policy)), policy, 'it travels as JSON');
      const hosts = buildHostTable(policy.hosts.map(compileHost));
      for (const host of hosts.hosts) {
        compiled += 1;
        const call = {
          method: 'GET',
          scheme: 'http',
          authority: 'a',
          path: '/a?x=1',
          headers: { a: '1' },
          port: 80,
        };
        const verdict = decideRoute(host.table, call, { next: () => draw });
        if (verdict.kind === 'forward') {
          assert.notEqual(verdict.destination.port, 0);
          assert.match(rewriteRequest(verdict.route, verdict.destination, call).path, /\S/);
        }
      }
    }),
    { numRuns: 1_500, seed: 6 },
  );
  assert.ok(compiled > 50, `only ${compiled} hosts were tried`);
});
