import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMs, parseDuration } from './duration.js';

test("durations in Go's and protobuf's way of writing are milliseconds", () => {
  const rows: readonly (readonly [string, number | null])[] = [
    ['1s', 1_000],
    ['1.1s', 1_100],
    ['0.25s', 250],
    ['.5s', 500],
    ['250ms', 250],
    ['1h30m', 5_400_000],
    ['1m0.5s', 60_500],
    ['100us', 0.1],
    ['0s', 0],
    ['0', 0],
    ['-1s', -1_000],
    ['1', null],
    ['', null],
    ['s', null],
    ['1 s', null],
    ['1d', null],
    ['1e3s', null],
    ['9'.repeat(70), null],
  ];
  for (const [text, expected] of rows) assert.equal(parseDuration(text), expected, text);
});

test('an absent duration is what the caller says', () => {
  assert.equal(durationMs(undefined, null), null);
  assert.equal(durationMs('2s', null), 2_000);
});
