/**
 * Whatever a policy says and whatever a caller sends: deciding, rewriting, redirecting and changing headers never throw, and nothing
 * that they write can end a header's line.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyFields, type HeaderFields } from '../../base/headers.js';
import { applyHeaders } from '../headers/decide.js';
import type { HeaderOperations } from '../headers/policy.js';
import { compileRouteTable } from './compile.js';
import { decideCors } from './cors.js';
import { decideRoute } from './decide.js';
import { describeMismatch } from './mismatch.js';
import type { EffectiveRoute, RouteMatch, StringMatch } from './policy.js';
import type { RequestFacts } from './request-parts.js';
import { rewriteRequest } from './rewrite.js';

/** Much that means something somewhere, and anything at all. */
const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      ...[
        '/',
        '?',
        '&',
        '=',
        '%',
        '.',
        '..',
        '#',
        ':',
        '@',
        '[',
        ']',
        '\\',
        '\r',
        '\n',
        '\0',
        '\t',
        ' ',
        'a',
        'B',
        '0',
        'ä',
      ],
      ...[
        '%0d',
        '😀',
        '\ud800',
        '__proto__',
        'constructor',
        'http://',
        '%REQ(x)%',
        '%RESP(x):3%',
        '\\1',
        '$1',
        '(',
        ')',
        '*',
        '+',
      ],
    ),
    maxLength: 10,
  }),
  fc.string({ unit: 'binary', maxLength: 10 }),
);
const path = fc.oneof(
  text,
  text.map((rest) => `/${rest}`),
);
const name = fc.oneof(
  fc.constantFrom(
    'x',
    'host',
    ':path',
    ':authority',
    'cookie',
    '__proto__',
    'constructor',
    'toString',
    'Origin',
  ),
  text,
);

const stringMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  fc.record({ exact: text }),
  fc.record({ prefix: path }),
  fc.record({ regex: fc.oneof(fc.constantFrom('.*', '/[a-z]+', '(a+)+$', '[^/]*', '\\d+|x'), text) }),
  fc.constant({ present: true as const }),
);
const named = fc.record(
  { name, match: stringMatch, invert: fc.constant(true as const) },
  { requiredKeys: ['name', 'match'] },
);
const match: fc.Arbitrary<RouteMatch> = fc.record(
  {
    uri: stringMatch,
    ignoreUriCase: fc.constant(true as const),
    method: stringMatch,
    authority: stringMatch,
    headers: fc.array(named, { maxLength: 3 }),
    queryParams: fc.array(named, { maxLength: 3 }),
    claims: fc.array(
      fc.record({ path: fc.array(name, { minLength: 1, maxLength: 3 }), match: stringMatch }),
      {
        maxLength: 2,
      },
    ),
    port: fc.constantFrom(80, 443),
  },
  { requiredKeys: [] },
);
const values = fc.dictionary(name, text, { maxKeys: 3 });
const operations: fc.Arbitrary<HeaderOperations> = fc.record(
  { set: values, add: values, remove: fc.array(name, { maxLength: 2 }) },
  { requiredKeys: [] },
);
const headers = fc.record({ request: operations, response: operations }, { requiredKeys: [] });
const action: fc.Arbitrary<EffectiveRoute['action']> = fc.oneof(
  fc.record({
    kind: fc.constant('forward' as const),
    destinations: fc.array(
      fc.record(
        { cluster: fc.constantFrom('outbound|0||a', 'outbound|80|v1|b'), weight: fc.nat(3), headers },
        { requiredKeys: ['cluster', 'weight'] },
      ),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  fc.record(
    {
      kind: fc.constant('redirect' as const),
      status: fc.constantFrom(301, 308),
      uri: text,
      prefixRewrite: text,
      authority: text,
      scheme: fc.constantFrom('http', 'https'),
      port: fc.constantFrom(80, 9090, 'FROM_REQUEST_PORT' as const, 'FROM_PROTOCOL_DEFAULT' as const),
    },
    { requiredKeys: ['kind', 'status'] },
  ),
  fc.record({ kind: fc.constant('directResponse' as const), status: fc.constant(503), body: text }),
);
const rewrite = fc.record(
  {
    uri: text,
    uriRegex: fc.record({
      match: fc.oneof(fc.constantFrom('/', '(a)|b', 'x*', '.'), text),
      rewrite: fc.oneof(fc.constantFrom('', '\\0', '\\1', '\\\\'), text),
    }),
    authority: text,
  },
  { requiredKeys: [] },
);
const cors = fc.record({
  allowOrigins: fc.array(stringMatch, { maxLength: 2 }),
  allowMethods: fc.constant([]),
  allowHeaders: fc.constant([]),
  exposeHeaders: fc.constant([]),
  maxAgeSeconds: fc.constant(null),
  allowCredentials: fc.boolean(),
  unmatchedPreflights: fc.constantFrom('FORWARD' as const, 'IGNORE' as const),
});
const route: fc.Arbitrary<EffectiveRoute> = fc.record(
  {
    index: fc.nat(9),
    name: fc.constant(null),
    match,
    action,
    rewrite,
    headers,
    cors,
    timeoutMs: fc.constant(null),
    retries: fc.constant(null),
  },
  { requiredKeys: ['index', 'name', 'action', 'timeoutMs', 'retries'] },
);
const fields = fc
  .array(fc.tuple(name, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 2 }))), { maxLength: 4 })
  .map((pairs) => {
    const made: HeaderFields = emptyFields();
    for (const [key, value] of pairs) made[key.toLowerCase()] = value;
    return made;
  });
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'OPTIONS', 'CONNECT'),
  scheme: fc.constantFrom('http', 'https'),
  authority: text,
  path,
  headers: fields,
  port: fc.constantFrom(80, 443, 0),
  claims: fc.oneof(
    fc.constant(null),
    fc.dictionary(name, fc.oneof(text, fc.array(fc.anything()), fc.anything())),
  ),
  hostname: text,
  downstreamAddress: text,
});

/** What was not there before must not break a line. */
function assertSafe(changed: HeaderFields, before: ReadonlySet<string>): void {
  for (const [key, value] of Object.entries(changed)) {
    if (!before.has(key)) assert.doesNotMatch(key, /[\r\n\0]/);
    for (const one of typeof value === 'string' ? [value] : value)
      if (!before.has(`${key}=${one}`)) assert.doesNotMatch(one, /[\r\n\0]/, key);
  }
}

function present(sent: HeaderFields): Set<string> {
  const all = new Set(Object.keys(sent));
  for (const [key, value] of Object.entries(sent))
    for (const one of typeof value === 'string' ? [value] : value) all.add(`${key}=${one}`);
  return all;
}

/** undefined: the policy is refused, which is told when it is put in force. */
function compiled(routes: EffectiveRoute[]) {
  try {
    return compileRouteTable(routes);
  } catch (error) {
    assert.ok(error instanceof RangeError);
    assert.match(error.message, /^http\[\d+\]/);
    return undefined;
  }
}

test('no policy and no request makes a decision throw, or write what ends a line', () => {
  let decided = 0;
  fc.assert(
    fc.property(
      fc.array(route, { minLength: 1, maxLength: 3 }),
      request,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (routes, asked, draw) => {
        const table = compiled(routes);
        if (table === undefined) return;
        decided += 1;
        const facts: RequestFacts = asked;
        const verdict = decideRoute(
          table,
          facts,
          { next: () => draw },
          {
            matched: () => {},
            skipped: (_route, failed) => assert.equal(typeof describeMismatch(failed, facts), 'string'),
          },
        );
        if (verdict.kind === 'noRoute') return;
        if (verdict.kind === 'redirect') assert.match(verdict.location, /^[\x21-\x7e]+$/);
        const before = present(asked.headers);
        if (verdict.route.cors !== null) {
          const answer = decideCors(verdict.route.cors, asked.method, asked.headers);
          if (answer !== null) assertSafe(answer.headers, new Set());
        }
        const response: HeaderFields = emptyFields();
        applyHeaders(verdict.route.responseHeaders, response, asked);
        assertSafe(response, new Set());
        if (verdict.kind !== 'forward') return;
        assert.ok(
          verdict.route.destinations.length === 1 ||
            verdict.destination.weight > 0 ||
            verdict.route.totalWeight === 0,
        );
        const sent = rewriteRequest(verdict.route, verdict.destination, asked);
        assertSafe(sent.headers, before);
        if (verdict.destination.authority !== null) assert.doesNotMatch(sent.authority, /[\r\n\0]/);
      },
    ),
    { numRuns: 1_000, seed: 23 },
  );
  assert.ok(decided > 100, `${decided} policies could be used`);
});
