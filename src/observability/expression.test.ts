import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileExpression, expressionExcess, expressionFault, unknownAttributes } from './expression.js';

const FACTS = {
  request: { path: '/a/b', size: 3n, referer: undefined, headers: new Map([['a', 'one']]) },
  response: { code: 404n },
  connection: { mtls: true },
};

const HOLDS: readonly [expression: string, holds: boolean][] = [
  ['true', true],
  ['false', false],
  ['response.code >= 400', true],
  ['response.code == 404 && connection.mtls', true],
  ['response.code in [404, 503]', true],
  ["request.path.startsWith('/a')", true],
  ["request.path.matches('^/a/[a-z]$')", true],
  ["request.path.matches('b')", true],
  ["request.path . matches ('^b')", false],
  ["request.headers['a'] == 'one'", true],
  ["'a' in request.headers", true],
  ['has(request.path)', true],
  ['has(request.referer)', false],
  // What is not known is an error, and an error is no.
  ["request.referer == ''", false],
  ["!(request.referer == '')", false],
  ["request.headers['b'] != 'one'", false],
  ['upstream.port == 80', false],
  ['nobody.knows(1)', false],
  // Unless the other side decides.
  ["request.referer == '' || response.code == 404", true],
  // A value that is no condition.
  ['response.code', false],
  ["'true'", false],
  // Engines that backtrack would need ages for this one; RE2 has no look-ahead, which is an error.
  [`('${'a'.repeat(60)}').matches('^(a+)+$')`, true],
  [`('${'a'.repeat(60)}b').matches('^(a+)+$')`, false],
  ["request.path.matches('(?=/a)')", false],
  // Texts that look like the call are texts.
  [`'.matches(' == r'.matches('`, true],
  [`".matches('x')" == '.matches(\\'x\\')'`, true],
];
for (const [expression, holds] of HOLDS)
  test(`${expression} ${holds ? 'holds' : 'does not hold'}`, () =>
    assert.equal(compileExpression(expression).holds(FACTS), holds));

const TEXTS: readonly [expression: string, text: string | undefined][] = [
  ['request.path', '/a/b'],
  ['response.code', '404'],
  ['string(response.code)', '404'],
  ['1.5', '1.5'],
  ['connection.mtls', 'true'],
  ["response.code >= 500 ? '5xx' : 'other'", 'other'],
  ["timestamp('2026-01-02T03:04:05Z')", '2026-01-02T03:04:05.000Z'],
  ['request.headers', undefined],
  ['request.referer', undefined],
  ['null', undefined],
];
for (const [expression, text] of TEXTS)
  test(`${expression} says ${text}`, () => assert.equal(compileExpression(expression).text(FACTS), text));

test('an expression that is none is refused in one line, and one that is too long by its length', () => {
  for (const broken of ['', ')++++', 'a = 1', '"abc', 'a.matches("b"']) {
    const fault = expressionFault(broken);
    assert.ok(fault !== null && !fault.includes('\n'), `${broken}: ${fault}`);
    assert.throws(() => compileExpression(broken));
  }
  assert.match(String(expressionFault(`'${'a'.repeat(4_096)}'`)), /longer than 4096/);
});

test('no more patterns are made of what callers send than of what people write', () => {
  const expression = compileExpression('request.path.matches(request.pattern)');
  const holds = (pattern: string) => expression.holds({ request: { path: '/a', pattern } });
  for (let index = 0; index < 32; index += 1) assert.equal(holds(`^/a{${index + 1}}`), index === 0);
  assert.equal(holds('^/a'), false);
  assert.equal(holds('^/a{1}'), true);
  assert.equal(compileExpression(`'a'.matches('${'a?'.repeat(600)}')`).holds({}), false);
});

for (const repeating of [
  "request.headers['x'].split(',').exists(one, one == 'a')",
  '[1, 2].all(a, [1, 2].all(b, a == b))',
  "cel.bind(a, 'xx', cel.bind(b, a + a, b + b))",
  "response.code == 200 || {'a': [1].map(one, one)}.size() > 1",
])
  test(`an expression that repeats work is refused: ${repeating}`, () => {
    assert.equal(expressionFault(repeating), null);
    assert.match(expressionExcess(repeating)!, /^it may not use (?:exists|all|bind|map)\(\)/);
    assert.throws(() => compileExpression(repeating), RangeError);
  });

test('an expression with the name of a repeating function in a text or a field is none', () => {
  assert.equal(expressionExcess("request.headers.map == '.all(a, b)' || has(request.all)"), null);
  assert.equal(expressionExcess(')++++'), null);
});

test('a large pattern looks at short texts only', () => {
  const expression = compileExpression("request.path.matches('(?:a?){1000}b')");
  assert.equal(expression.holds({ request: { path: `${'a'.repeat(100)}b` } }), true);
  assert.equal(expression.holds({ request: { path: `${'a'.repeat(16_000)}b` } }), false);
});

test('whatever is written, it is refused or it gives an answer', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'a.b"\'\\r/()[]{}<>=!&|?: 1,\nmatches(') }),
      (source) => {
        if (expressionFault(source) !== null) return;
        const expression = compileExpression(source);
        assert.equal(typeof expression.holds(FACTS), 'boolean');
        expression.text(FACTS);
      },
    ),
  );
});

const ASKED: readonly [expression: string, unknown: readonly string[]][] = [
  ["request.path == '/' && response.code in [1, 2]", []],
  ["request['path'] + request.headers['x']", []],
  ['metadata.a.b == 1 || has(source.port)', ['metadata.a', 'source.port']],
  ["node['id'] + string(filter_state.x)", ['node.id', 'filter_state.x']],
  ["request.headers.exists(k, k.size() > 1 && k.startsWith('x'))", []],
  ["[{'a': 1}].all(one, one.a == 1)", []],
  ['type(request.time) == google.protobuf.Timestamp', []],
  [')++++', []],
];
for (const [expression, unknown] of ASKED)
  test(`${expression} asks for ${unknown.join(' and ') || 'nothing that is not known'}`, () =>
    assert.deepEqual(unknownAttributes(expression), unknown));
