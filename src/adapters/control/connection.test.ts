import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from '../../base/errors.js';
import { parseControlUrl } from './connection.js';

test('a URL of the config service in plain text is one of this machine', () => {
  for (const url of [
    'http://127.0.0.1:15010',
    'http://localhost:15010',
    'http://[::1]:15010',
    'https://control.example',
  ]) {
    assert.equal(parseControlUrl(url).origin, url);
  }
  for (const url of [
    'http://control.example:15010',
    'http://10.0.0.1',
    'http://127.evil.example',
    'http://[::ffff:1.2.3.4]',
  ]) {
    assert.throws(
      () => parseControlUrl(url),
      (error) => isMeshError(error, 'HEDDLE_INVALID_SETTING') && error.message.includes('plain text'),
    );
  }
});
