import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { analyze } from '../analyze/index.js';
import { parseResources } from '../parse.js';
import { runPolicyTests } from './run.js';
import { POLICY, report, testOf } from './run.test.helper.js';

/** Mistakes in tests, with the place and what is said about them. */
const WRONG: readonly (readonly [text: string, said: string])[] = [
  [
    '{ name: a, call: { url: a }, expect: {} }',
    '6:36 spec.cases[0].expect: it expects nothing, so it would always pass; say what must come out',
  ],
  [
    '{ name: a, call: { ulr: x, url: a }, expect: {} }',
    "6:26 spec.cases[0].call.ulr: 'ulr' is not a field; did you mean 'url'?",
  ],
  [
    '{ name: a, call: { url: a }, expect: { tmeout: 5s } }',
    "6:46 spec.cases[0].expect.tmeout: 'tmeout' is not a field; did you mean 'timeout'?",
  ],
  [
    '{ name: a, call: { url: a, from: { servce: a } }, expect: {} }',
    "6:42 spec.cases[0].call.from.servce: 'servce' is not a field; did you mean 'service'?",
  ],
  [
    '{ name: a, exchange: { to: a }, expect: permit }',
    "6:39 spec.cases[0].expect: 'permit' is not allowed: expected 'allow' or 'deny' or an object",
  ],
  ['{ name: a, expect: allow }', "6:7 spec.cases[0]: 'call' or 'exchange' is missing: what is asked"],
  [
    '{ name: a, call: { url: a }, exchange: { to: a }, expect: {} }',
    "6:7 spec.cases[0]: a case asks about a 'call' or about an 'exchange', not about both; make it two cases",
  ],
  [
    '{ name: a, call: { url: a }, expect: { timeout: soon } }',
    "6:46 spec.cases[0].expect.timeout: 'soon' is not a duration; write e.g. 1.5s, 250ms or 1h",
  ],
];

for (const [text, said] of WRONG)
  test(`refused with its place: ${said}`, () => {
    const { valid, messages, cases } = report([text]);
    const found = messages.map(
      ({ file, line, column, path, message }) => `${file} ${line}:${column} ${path}: ${message}`,
    );
    assert.equal(valid, false);
    assert.deepEqual(cases, []);
    assert.equal(found[0], `test.yaml ${said}`);
  });

test('policy that could not be applied is an error, and no case is run', () => {
  const text = POLICY.replace('timeout: 5s', 'timeuot: 5s');
  const cases = testOf(['{ name: a, exchange: { to: "reviews:1" }, expect: deny }']);
  const { valid, messages, passed } = runPolicyTests([{ file: 'a.yaml', text: `${text}\n---\n${cases}` }]);
  assert.deepEqual([valid, passed, messages.map(({ path }) => path)], [false, 0, ['spec.http[3].timeuot']]);
  const twice = runPolicyTests([{ file: 'a.yaml', text: `${POLICY}---${POLICY}` }]);
  assert.deepEqual(
    twice.messages.map(({ code }) => code),
    Array(6).fill('HDL0004'),
  );
});

test('what holds for the whole mesh is said once for all cases', () => {
  const { cases } = report(
    [
      '{ name: a, call: { url: "https://example.com/" }, expect: { outcome: route } }',
      '{ name: b, exchange: { from: productpage, to: "reviews:9080" }, expect: { decision: allow, policy: readers } }',
    ],
    '  mesh: { outboundTrafficPolicy: ALLOW_ANY, trustDomain: other.example }\n',
  );
  assert.deepEqual(
    cases.flatMap(({ differences }) => differences),
    [],
  );
});

test('a case names its file and place, and a filter chooses among them', () => {
  const files = [
    { file: 'policy.yaml', text: POLICY },
    {
      file: 'list.json',
      text: JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [
          {
            apiVersion: 'heddle.dev/v1',
            kind: 'PolicyTest',
            metadata: { name: 'l', namespace: 'shop' },
            spec: {
              cases: [{ name: 'cart', exchange: { to: 'default/reviews:1', from: 'cart' }, expect: 'allow' }],
            },
          },
        ],
      }),
    },
    { file: 'test.yaml', text: testOf(['{ name: b, call: { url: a }, expect: { outcome: blocked } }']) },
  ];
  const all = runPolicyTests(files).cases.map(({ test: name, name: one, file, line, column, passed }) => [
    name,
    one,
    file,
    line,
    column,
    passed,
  ]);
  assert.deepEqual(all, [
    ['shop/l', 'cart', 'list.json', 1, 153, true],
    ['default/t', 'b', 'test.yaml', 6, 7, true],
  ]);
  const { passed, skipped, cases } = runPolicyTests(files, { filter: 'l: ca' });
  assert.deepEqual([passed, skipped, cases[0]?.name], [1, 1, 'cart']);
});

test('a test is no policy: parsing leaves it out with a remark, analysis says what is wrong with it', () => {
  const text = testOf(['{ name: a, call: { url: a }, expect: { to: 3 } }']);
  const { resources, messages } = parseResources([{ file: 'a.yaml', text }]);
  assert.deepEqual(
    [resources, messages.map(({ code, level }) => [code, level])],
    [[], [['HDL0003', 'info']]],
  );
  const { valid, messages: found } = analyze([{ file: 'a.yaml', text }]);
  assert.equal(valid, false);
  assert.ok(found.some(({ path }) => path === 'spec.cases[0].expect.to'));
});

test('whatever stands in a test, the answer is a report', () => {
  const words = fc.constantFrom(
    'a',
    'http://a/',
    'reviews:9080',
    '',
    '80',
    'none',
    '1s',
    'allow',
    'spiffe://a',
  );
  const value = fc.oneof(words, fc.integer(), fc.boolean(), fc.constant(null), fc.dictionary(words, words));
  const fieldsOf = (...names: string[]) =>
    fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
  const call = fieldsOf('from', 'url', 'method', 'headers', 'random', 'protocol', 'sni', 'claims');
  const exchange = fieldsOf('from', 'to', 'port', 'ip', 'path', 'headers', 'claims');
  const expect = fc.oneof(
    value,
    fieldsOf('to', 'shares', 'outcome', 'timeout', 'decision', 'mirrors', 'fault'),
  );
  const one = fc.record({ name: words, call, exchange, expect }, { requiredKeys: ['name', 'expect'] });
  fc.assert(
    fc.property(fc.array(fc.oneof(one, value), { maxLength: 3 }), (cases) => {
      const text = JSON.stringify({
        apiVersion: 'heddle.dev/v1',
        kind: 'PolicyTest',
        metadata: { name: 't' },
        spec: { cases },
      });
      const { valid, passed, failed, messages } = runPolicyTests([
        { file: 'policy.yaml', text: POLICY },
        { file: 'test.json', text },
      ]);
      assert.equal(valid, messages.length === 0);
      assert.equal(passed + failed, valid ? cases.length : 0);
    }),
    { numRuns: 30 },
  );
});

test('what holds for the whole mesh is said by each test: former names, and how paths are made equal', () => {
  const policy = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: callers }
spec:
  rules:
    - from: [{ source: { principals: [old.example/ns/default/sa/cart] } }]
      to: [{ operation: { paths: [/cart] } }]
`;
  const passed = (mesh: string, path: string) => {
    const test = testOf(
      [`{ name: a, exchange: { to: "reviews:1", from: cart, path: ${path} }, expect: allow }`],
      `  mesh: { trustDomain: new.example${mesh} }\n`,
    );
    const { messages, cases } = runPolicyTests([{ file: 'a.yaml', text: `${policy}---\n${test}` }]);
    assert.deepEqual(messages, []);
    return cases[0]?.passed;
  };
  const aliases = ', trustDomainAliases: [old.example]';
  assert.equal(passed('', '/cart'), false);
  assert.equal(passed(aliases, '/cart'), true);
  assert.equal(passed(aliases, '//cart'), false);
  assert.equal(passed(`${aliases}, pathNormalization: MERGE_SLASHES`, '//cart'), true);
});
