/**
 * Istio's Bookinfo policies, written anew: what becomes of a call under each of them. One row a policy and call.
 * @source Istio `samples/bookinfo/networking`
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { analyze, explainOutbound, type OutboundQuestion, type PolicyFile } from 'heddle/policy';

const FOLDER = new URL('../../../test/policies/bookinfo/', import.meta.url);

const ALL = 'destination-rule-all';
const JASON = { headers: { 'end-user': 'jason' } };
const ANN = { headers: { 'end-user': 'ann' } };

interface Row {
  /** Beside the services. */
  readonly policies: readonly string[];
  readonly service: string;
  readonly call?: Partial<OutboundQuestion>;
  /** @default 'route' */
  readonly outcome?: string;
  /** Subset → percent of the calls; with a port behind a colon where it is not 9080. */
  readonly shares?: Readonly<Record<string, number>>;
  readonly delayMs?: number;
  readonly abortStatus?: number;
  /** What one of the steps must say. */
  readonly says?: RegExp;
}

const v = (name: string) => `virtual-service-${name}`;

const TABLE: readonly Row[] = [
  { policies: [], service: 'reviews', shares: { '': 100 }, says: /no VirtualService speaks/ },
  { policies: [ALL], service: 'reviews', shares: { '': 100 } },
  ...['productpage', 'reviews', 'ratings', 'details'].map((service) => ({
    policies: [ALL, v('all-v1')],
    service,
    call: JASON,
    shares: { v1: 100 },
  })),
  // Without subsets there is no cluster to go to: 503, not a fallback.
  {
    policies: [v('all-v1')],
    service: 'reviews',
    shares: { v1: 100 },
    says: /does not exist here.*503, flag NC/,
  },
  {
    policies: ['destination-rule-all-mtls', v('all-v1')],
    service: 'reviews',
    shares: { v1: 100 },
    says: /TLS mesh/,
  },
  {
    policies: ['destination-rule-reviews', v('reviews-v3')],
    service: 'reviews',
    shares: { v3: 100 },
    says: /random/,
  },
  { policies: [ALL, v('reviews-test-v2')], service: 'reviews', call: JASON, shares: { v2: 100 } },
  {
    policies: [ALL, v('reviews-test-v2')],
    service: 'reviews',
    shares: { v1: 100 },
    says: /^rule 1 of default\/reviews \(http\[0\]\) did not match: header end-user is absent, expected "jason"$/,
  },
  {
    policies: [ALL, v('reviews-test-v2')],
    service: 'reviews',
    call: ANN,
    shares: { v1: 100 },
    says: /header end-user is "ann", expected "jason"/,
  },
  { policies: [ALL, v('reviews-jason-v2-v3')], service: 'reviews', call: JASON, shares: { v2: 100 } },
  { policies: [ALL, v('reviews-jason-v2-v3')], service: 'reviews', call: ANN, shares: { v3: 100 } },
  { policies: [ALL, v('reviews-50-v3')], service: 'reviews', shares: { v1: 50, v3: 50 } },
  { policies: [ALL, v('reviews-80-20')], service: 'reviews', shares: { v1: 80, v2: 20 } },
  { policies: [ALL, v('reviews-90-10')], service: 'reviews', shares: { v1: 90, v2: 10 } },
  { policies: [ALL, v('reviews-v2-v3')], service: 'reviews', shares: { v2: 50, v3: 50 } },
  { policies: [ALL, v('reviews-v3')], service: 'reviews', shares: { v3: 100 } },
  {
    policies: [ALL, v('ratings-test-abort')],
    service: 'ratings',
    call: JASON,
    outcome: 'abort',
    abortStatus: 500,
    shares: { v1: 100 },
  },
  { policies: [ALL, v('ratings-test-abort')], service: 'ratings', call: ANN, shares: { v1: 100 } },
  {
    policies: [ALL, v('ratings-test-delay')],
    service: 'ratings',
    call: JASON,
    delayMs: 7_000,
    shares: { v1: 100 },
  },
  { policies: [ALL, v('ratings-test-delay')], service: 'ratings', call: ANN, shares: { v1: 100 } },
  {
    policies: ['fault-injection-details-v1'],
    service: 'details',
    outcome: 'abort',
    abortStatus: 555,
    shares: { v1: 100 },
  },
  { policies: [ALL, v('details-v2')], service: 'details', shares: { v2: 100 } },
  { policies: [ALL, v('ratings-db')], service: 'ratings', shares: { v2: 100 } },
  { policies: [ALL, v('ratings-db')], service: 'reviews', shares: { v3: 100 } },
  { policies: [ALL, v('ratings-mysql')], service: 'ratings', shares: { 'v2-mysql': 100 } },
  { policies: [ALL, v('ratings-mysql-vm')], service: 'ratings', shares: { 'v2-mysql-vm': 100 } },
  {
    policies: ['egress-rule-google-apis'],
    service: 'www.googleapis.com',
    call: { authority: 'www.googleapis.com' },
    shares: { ':443': 100 },
    // Port settings stand alone: the balancer of the whole host is not theirs.
    says: /least-request, TLS simple/,
  },
  // The rule is for port 80; a call to 443 is none of its business.
  {
    policies: ['egress-rule-google-apis'],
    service: 'www.googleapis.com',
    call: { authority: 'www.googleapis.com:443' },
    shares: { ':443': 100 },
    says: /port is 443, expected 80/,
  },
  ...(
    [
      ['/productpage', 'route'],
      ['/productpage/x', 'noRoute'],
      ['/static/a.css', 'route'],
      ['/login', 'route'],
      ['/logout?a=b', 'route'],
      ['/api/v1/products/0/reviews', 'route'],
      ['/', 'noRoute'],
    ] as const
  ).map(([path, outcome]) => ({
    policies: ['bookinfo-gateway'],
    service: 'productpage',
    call: {
      path,
      authority: 'bookinfo.example',
      source: { namespace: 'default', gateway: 'default/bookinfo-gateway' },
    },
    outcome,
    shares: outcome === 'route' ? { '': 100 } : {},
  })),
  // Inside of the mesh the gateway's rules are for nobody.
  {
    policies: ['bookinfo-gateway'],
    service: 'productpage',
    shares: { '': 100 },
    says: /default\/bookinfo names it, but it is for gateways bookinfo-gateway/,
  },
];

const files = (names: readonly string[]): PolicyFile[] =>
  ['services', ...names].map((name) => ({
    file: `${name}.yaml`,
    text: readFileSync(new URL(`${name}.yaml`, FOLDER), 'utf8'),
  }));

for (const { policies, service, call, outcome = 'route', shares = {}, ...row } of TABLE) {
  const asked = JSON.stringify(call ?? {});
  test(`under ${policies.at(-1) ?? 'no policy'} a call to ${service} ${asked} is as with Istio`, () => {
    const answer = explainOutbound(files(policies), {
      source: { namespace: 'default', labels: { app: 'client' } },
      authority: `${service}:9080`,
      path: '/',
      ...call,
    });
    const why = answer.steps.join('\n');
    assert.equal(answer.outcome, outcome, why);
    assert.deepEqual(
      Object.fromEntries(
        answer.clusters.map(({ subset, port, weight }) => [
          `${subset}${port === 9080 ? '' : `:${port}`}`,
          weight * 100,
        ]),
      ),
      shares,
      why,
    );
    assert.equal(answer.fault?.abortStatus ?? undefined, row.abortStatus, why);
    assert.equal(answer.fault?.delayMs ?? undefined, row.delayMs, why);
    if (row.says !== undefined)
      assert.ok(
        answer.steps.some((step) => row.says!.test(step)),
        why,
      );
  });
}

test('each of the policies is valid by itself, and the table has a row for it', () => {
  for (const file of readdirSync(FOLDER)) {
    const name = file.replace('.yaml', '');
    const errors = analyze(files(name === 'services' ? [] : [name])).messages.filter(
      // Subsets stand in other files.
      ({ level, code }) => level === 'error' && code !== 'IST0101',
    );
    assert.deepEqual(errors, [], name);
    assert.ok(name === 'services' || TABLE.some(({ policies }) => policies.includes(name)), name);
  }
});
