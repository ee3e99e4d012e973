import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { analyze } from './analyze/index.js';
import { parseResources } from './parse.js';

const parse = (text: string) => parseResources([{ file: 'a.yaml', text }]);

const HEAD = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\n';

/** The only resource's spec. */
function spec(text: string): unknown {
  const { resources, messages } = parse(`${HEAD}spec:\n${text}`);
  assert.deepEqual(messages, []);
  return resources[0]?.resource.spec;
}

for (const [what, text, line, column, message] of [
  ['a key that is there twice', 'a: 1\nb: { c: 1, d: 2, c: 3 }\n', 2, 18, /b\.c: 'c' is written twice/],
  ['a NUL', 'a: 1\nb: x\0y\n', 2, 5, /U\+0000 cannot stand in YAML/],
  ['a bell', 'a: \u0007\n', 1, 4, /U\+0007/],
  ['half a surrogate pair', 'a: "\ud800"\n', 1, 5, /U\+D800/],
  ['an escaped NUL', 'a: 1\nb: "x\\0y"\n', 2, 4, /b: a text cannot hold NUL/],
  ['an escaped half of a pair', 'b: "\\ud800"\n', 1, 4, /half a surrogate pair/],
  ['a tab that indents', 'a:\n\tb: 1\n', 2, 1, /[Tt]ab/],
  ['a tag of JavaScript', 'a: !!js/function "x"\n', 1, 4, /policy has no tags/],
  ['a tag of bytes', 'a: !!binary aGk=\n', 1, 4, /policy has no tags/],
  ['a tag of nobody', 'a: !mine x\n', 1, 4, /policy has no tags/],
  ['a number that is too large', 'a: 9007199254740993\n', 1, 4, /kept exactly; quote it/],
  ['a number beyond all', 'a: 1e400\n', 1, 4, /kept exactly/],
  ['infinity', 'a: .inf\n', 1, 4, /kept exactly/],
  ['no number', 'a: .nan\n', 1, 4, /kept exactly/],
  ['a key that is a list', '? [a]\n: 1\n', 1, 3, /has to be text/],
  ['a key that is nothing', 'a: 1\n: 2\n', 2, 1, /has to be text/],
  ['an alias of nothing', 'a: *b\n', 1, 4, /alias '\*b' cannot be followed|Unresolved alias/],
  ['an alias within itself', 'a: &a\n  b: *a\n', 2, 6, /it stands within itself/],
  ['a merge of what is no mapping', 'a: &a 1\nb: { <<: *a }\n', 2, 6, /merges mappings/],
  ['a bracket that is not closed', 'a: 1\nb: [1\n', 3, 1, /must end with a \]|sufficiently indented/],
] as const)
  test(`${what} is an error with its place`, () => {
    const { resources, messages } = parse(text);
    assert.deepEqual(resources, []);
    const found = messages[0]!;
    assert.deepEqual([found.level, found.file], ['error', 'a.yaml']);
    assert.match(found.message, message);
    assert.deepEqual([found.line, found.column], [line, column]);
  });

for (const [written, value] of [
  ['yes', 'yes'],
  ['on', 'on'],
  ['No', 'No'],
  ['true', true],
  ['2026-11-23', '2026-11-23'],
  ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00Z'],
  ['0x1F', 31],
  ['0o17', 15],
  ['010', 10],
  ['1_000', '1_000'],
  ['1:30', '1:30'],
  ['-0', 0],
  ['-0.0', 0],
  ['1e3', 1000],
  ['9007199254740991', 9007199254740991],
  ['"9007199254740993"', '9007199254740993'],
  ['!!str 5', '5'],
  ['~x', '~x'],
  ['"\\ud83e\\uddf5"', '🧵'],
  ['|\n      x\n      y', 'x\ny\n'],
] as const)
  test(`${JSON.stringify(written)} is ${JSON.stringify(value)}, whatever a %YAML 1.1 says`, () => {
    const text = `${HEAD}spec:\n  http:\n  - name: ${written}\n`;
    for (const prefix of ['', '%YAML 1.1\n---\n']) {
      const { resources, messages } = parse(prefix + text);
      assert.deepEqual(messages, []);
      assert.deepEqual(resources[0]?.resource.spec, { http: [{ name: value }] });
      assert.doesNotMatch(inspect(resources[0]?.resource.spec), /-0/);
    }
  });

test('anchors, aliases and merge keys are written out; a field of its own wins', () => {
  const text = '  x: &x { a: 1, b: 2 }\n  y: { b: 3, <<: *x }\n  z: [*x, *x]\n  w: { <<: [{ a: 0 }, *x] }\n';
  assert.deepEqual(spec(text), {
    x: { a: 1, b: 2 },
    y: { b: 3, a: 1 },
    z: [
      { a: 1, b: 2 },
      { a: 1, b: 2 },
    ],
    w: { a: 0, b: 2 },
  });
  const { z } = spec(text) as { z: [object, object] };
  assert.notEqual(z[0], z[1], 'what one place changes the other keeps');
});

test('an anchor written anew holds from there on', () => {
  assert.deepEqual(spec('  a: &x 1\n  b: *x\n  c: &x 2\n  d: *x\n'), { a: 1, b: 1, c: 2, d: 2 });
});

test('names that prototypes have are fields like any other, and reach none', () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'prototype', '__proto__']) {
    const text = `${HEAD}spec: { hosts: [a], ${name}: { polluted: true } }\n`;
    const { messages } = analyze([{ file: 'a.yaml', text }]);
    const found = messages.find(({ path }) => path.endsWith(name));
    assert.equal(found?.level, 'error', name);
    assert.deepEqual([found?.line, found?.column], [4, 21], name);
    const labels = `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: a }\nspec: { selector: { matchLabels: { ${name}: x } } }\n`;
    const errors = analyze([{ file: 'a.yaml', text: labels }]).messages.filter(
      ({ level }) => level === 'error',
    );
    assert.equal(errors.length, name === '__proto__' ? 1 : 0, name);
  }
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test('comments, marks and byte order marks alone are no documents; CRLF counts as one line', () => {
  for (const text of [
    '',
    '# a\n',
    '---\n',
    '---\n...\n---\n# a\n...\n',
    '\ufeff',
    '\ufeff---\n# x',
    '%YAML 1.2\n---\n',
  ])
    assert.deepEqual(parse(text), { resources: [], messages: [], others: [] }, JSON.stringify(text));
  const crlf = `\ufeff# a\n---\n${HEAD}spec: { hosts: 1 }\n`.replaceAll('\n', '\r\n');
  const found = analyze([{ file: 'a.yaml', text: crlf }]).messages.find(({ path }) => path === 'spec.hosts');
  assert.deepEqual([found?.line, found?.column], [6, 9]);
});

test('one broken document hides none of the others, whatever it leaves open', () => {
  const good = `${HEAD}spec: { hosts: [a] }\n`;
  for (const broken of [
    'a: [1',
    'a: "x',
    "a: 'x",
    'a: {b',
    'a: 1\na: 2',
    '? [',
    '[['.repeat(200),
    'a: !x 1',
    '@',
    'a: b: c: ',
  ]) {
    const { resources, messages } = parse(`${good}---\n${broken}\n---\n${good}...\n${good}`);
    assert.equal(resources.length, 3, broken);
    assert.ok(messages.length > 0, broken);
    for (const { line } of messages) assert.ok(line >= 5 && line <= 8, `${broken}: ${line}`);
    assert.equal(resources[2]!.origin(['spec', 'hosts']).line, broken.includes('\n') ? 17 : 16);
  }
});

test('what would take long or much is refused: depth, aliases that multiply, too many words, too long a file', () => {
  let merges = 'a0: &a0 { x: 1 }\n';
  for (let level = 1; level < 40; level += 1)
    merges += `a${level}: &a${level} { <<: [*a${level - 1}, *a${level - 1}], k${level}: 1 }\n`;
  let bomb = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n';
  for (let level = 1; level < 40; level += 1)
    bomb += `a${level}: &a${level} [${Array(10)
      .fill(`*a${level - 1}`)
      .join(', ')}]\n`;
  let chain = 'a0: &a0 [x]\n';
  for (let level = 1; level < 400; level += 1) chain += `a${level}: &a${level} [*a${level - 1}]\n`;
  for (const [text, message] of [
    ['['.repeat(20_000), /levels deep/],
    ['{a: '.repeat(20_000), /levels deep/],
    ['- '.repeat(20_000), /levels deep/],
    ['? '.repeat(20_000), /levels deep/],
    ['a: '.repeat(20_000), /levels deep|Nested mappings/],
    [Array.from({ length: 200 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''), /levels deep/],
    [bomb, /aliases stand for more than/],
    [merges, /aliases stand for more than|not a resource/],
    [chain, /levels deep/],
    [`[${'a,'.repeat(400_000)}`, /more than 1000000 words/],
    ['x'.repeat(9 * 1024 * 1024), /longer than/],
    ['---\na: 1\n'.repeat(10_001), /more than 10000 documents/],
  ] as const) {
    const { resources, messages } = parse(text);
    assert.deepEqual(resources, []);
    assert.match(messages[0]!.message, message, text.slice(0, 20));
    assert.ok(messages.length < 300);
  }
});

test('many keys, long keys and long lines take time in proportion', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n  ');
  const { messages } = analyze([{ file: 'a.yaml', text: `${HEAD}spec:\n  ${keys}\n` }]);
  assert.ok(messages.length > 0 && messages.length <= 1_000, String(messages.length));
  const long = analyze([{ file: 'a.yaml', text: `${HEAD}spec: { ${'x'.repeat(1_000_000)}: 1 }\n` }]).messages;
  assert.ok(long[0]!.message.length < 2_000);
});
