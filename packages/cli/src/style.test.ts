import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration, relative } from './duration.js';
import { parseKind } from './kinds.js';
import { clean, styleOf, table } from './style.js';

const plain = styleOf({ write: () => {} }, {});
const colored = styleOf({ write: () => {}, isTTY: true }, {});

test('columns line up, with colours and without', () => {
  const rows = [
    ['default/reviews', { text: 'accepted', paint: colored.green }, 'x'],
    ['a', { text: 'no', paint: colored.red }, 'y'],
  ];
  const expected =
    'NAME             STATE     Z\ndefault/reviews  accepted  x\na                no        y\n';
  assert.equal(table(['NAME', 'STATE', 'Z'], rows, colored).replace(/\x1b\[\d+m/g, ''), expected);
  assert.equal(
    table(
      ['NAME', 'STATE', 'Z'],
      [
        ['default/reviews', 'accepted', 'x'],
        ['a', 'no', 'y'],
      ],
      plain,
    ),
    expected,
  );
});

test('what others write cannot steer the terminal or fake a line', () => {
  assert.equal(clean('\x1b[2J\x1b]0;title\x07a\r\nb\x85c\u202ed'), 'a b c d');
  const [, row] = table(['A'], [['x\n\x1b[31my']], plain).split('\n');
  assert.equal(row, 'x y');
});

test('lengths of time are read and written', () => {
  assert.deepEqual(
    ['90s', '30m', '24h', '7d', '1h30m', '250ms'].map(parseDuration),
    [90_000, 1_800_000, 86_400_000, 604_800_000, 5_400_000, 250],
  );
  for (const text of ['', '5', 'h', '0s', '-1h', '1.5h', '1 h', '99999999999s']) {
    assert.throws(() => parseDuration(text), /length of time|longer than nothing/, text);
  }
  assert.deepEqual([0, 999, 59_000, 61_000, 3_600_000, 90_061_000].map(formatDuration), [
    '0s',
    '0s',
    '59s',
    '1m1s',
    '1h',
    '1d1h',
  ]);
  assert.equal(relative(86_400_000, 5), 'in 1d');
  assert.equal(relative(0, 60_000), '1m ago');
});

test('kinds are known by their name, their plural and their short name, in any case', () => {
  for (const text of ['VirtualService', 'virtualservices', 'VS'])
    assert.equal(parseKind(text), 'VirtualService');
  assert.equal(parseKind('authorizationpolicies'), 'AuthorizationPolicy');
  assert.throws(() => parseKind('policy'), /The kinds are/);
});
