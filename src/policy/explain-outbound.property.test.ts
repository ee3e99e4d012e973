/** Whatever is asked: `explain outbound` answers in the shape of its contract, and its words hold no credentials. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { explainOutbound } from './explain-outbound.js';
import { POLICY, to, vs } from './explain-outbound-rows.test.helper.js';
import { contract } from './outbound-contract.test.helper.js';

const RULES = vs(
  `{ hosts: [reviews], http: [{ match: [{ headers: { authorization: { exact: x }, cookie: { exact: y } } }, { uri: { regex: "/[a-z]+" }, queryParams: { v: { exact: "1" } } }], route: [${to('v1', 1)}, ${to('v9', 1)}], rewrite: { uriRegexRewrite: { match: "/(.)", rewrite: "\\\\1" } }, headers: { request: { set: { x-path: "%REQ(:path)%" } } } }, { match: [{ uri: { prefix: /old } }], redirect: { prefixRewrite: /new } }], tcp: [{ match: [{ destinationSubnets: ["10.0.0.0/8"] }], route: [{ destination: { host: ratings } }] }], tls: [{ match: [{ sniHosts: [reviews] }], route: [{ destination: { host: ratings } }] }] }`,
);

const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      '/',
      '?',
      'v=1',
      '&',
      ':',
      '[',
      ']',
      '.',
      '*',
      '\r',
      '\n',
      '\0',
      'a',
      '9080',
      '|',
      '%',
    ),
    maxLength: 8,
  }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const SECRET = 'do-not-tell-anybody';
const question = fc.record(
  {
    protocol: fc.constantFrom('http' as const, 'tls' as const, 'tcp' as const),
    authority: fc.oneof(
      fc.constantFrom('reviews:9080', 'reviews', 'ratings.default:9080', '10.0.0.1:9080'),
      text,
    ),
    path: fc.oneof(fc.constantFrom('/old/x', '/abc?v=1', '/'), text),
    method: fc.oneof(fc.constantFrom('GET', 'CONNECT'), text),
    scheme: fc.constantFrom('http' as const, 'https' as const),
    headers: fc
      .dictionary(fc.oneof(fc.constantFrom('x', '__proto__', 'constructor', 'Host'), text), text, {
        maxKeys: 3,
      })
      .map((headers) => ({ ...headers, Authorization: SECRET, Cookie: SECRET })),
    sni: text,
    destinationIp: fc.oneof(fc.ipV4(), fc.ipV6(), text),
    claims: fc.oneof(fc.constant(null), fc.dictionary(text, fc.anything())),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  },
  { requiredKeys: ['authority'] },
);

test('every question has an answer in the shape of the contract', () => {
  const anyCluster = contract.extend({ clusters: z.array(z.looseObject({ name: z.string() })) });
  fc.assert(
    fc.property(question, (call) => {
      const answer = explainOutbound([{ file: 'p.yaml', text: POLICY + RULES }], call);
      const { error } = anyCluster.safeParse(JSON.parse(JSON.stringify(answer)));
      assert.equal(error, undefined, error && z.prettifyError(error));
      assert.ok(!answer.steps.join('\n').includes(SECRET));
      if (answer.redirect !== null) assert.match(answer.redirect.location, /^[\x21-\x7e]+$/);
    }),
    { numRuns: 200, seed: 29 },
  );
});
