import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideMirrors } from './decide.js';

const GET = { method: 'GET', port: 9080 };

test('each mirror is drawn by its percentage and a port of 0 is the one addressed', () => {
  const mirrors = [
    { cluster: 'outbound|0|v2|a.example', percentage: 100 },
    { cluster: 'outbound|80||b.example', percentage: 10 },
  ];
  assert.deepEqual(decideMirrors(mirrors, GET, { next: () => 0.05 }), [
    'outbound|9080|v2|a.example',
    'outbound|80||b.example',
  ]);
  assert.deepEqual(decideMirrors(mirrors, GET, { next: () => 0.5 }), ['outbound|9080|v2|a.example']);
});

test('percentages count in steps of 0.0001, each mirror has a draw of its own, and 0 is never', () => {
  const mirrors = [0, 0.0001, 0.00019, 100].map((percentage, index) => ({
    cluster: `outbound|80||m${index}`,
    percentage,
  }));
  const chosen = (draw: number) =>
    decideMirrors(mirrors, GET, { next: () => draw }).map((name) => name.slice(-2));
  assert.deepEqual(chosen(0), ['m1', 'm2', 'm3']);
  assert.deepEqual(chosen(0.000001), ['m3']);
  let draws = 0;
  decideMirrors(mirrors, GET, { next: () => (draws += 1) / 10 });
  assert.equal(draws, mirrors.length);
});

test('CONNECT is not mirrored', () => {
  const mirrors = [{ cluster: 'outbound|80||a', percentage: 100 }];
  assert.deepEqual(decideMirrors(mirrors, { method: 'CONNECT', port: 80 }, { next: () => 0 }), []);
});
