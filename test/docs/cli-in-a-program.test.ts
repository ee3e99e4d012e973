/** What the README of the command line shows, run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
// #region run
import { run } from '@heddle/cli';

const exit = await run(['version'], process); // => 0
// #endregion

test('the command is a function, too', () => assert.equal(exit, 0));
