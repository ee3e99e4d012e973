import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalizePath, type PathNormalization } from './normalize-path.js';

const MODES: readonly PathNormalization[] = ['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'];

test('each mode makes equal what it says, and no more', () => {
  const table: [path: string, none: string, base: string, merge: string, decode: string][] = [
    ['/a/b', '/a/b', '/a/b', '/a/b', '/a/b'],
    ['/a/../b', '/a/../b', '/b', '/b', '/b'],
    ['/a/./b', '/a/./b', '/a/b', '/a/b', '/a/b'],
    ['/../..', '/../..', '/', '/', '/'],
    ['/a/..', '/a/..', '/', '/', '/'],
    ['/a/.', '/a/.', '/a/', '/a/', '/a/'],
    ['/.well-known/x', '/.well-known/x', '/.well-known/x', '/.well-known/x', '/.well-known/x'],
    ['/...', '/...', '/...', '/...', '/...'],
    ['/a\\..\\b', '/a\\..\\b', '/b', '/b', '/b'],
    ['/a/%2e%2E/b', '/a/%2e%2E/b', '/b', '/b', '/b'],
    ['/%61dmin', '/%61dmin', '/admin', '/admin', '/admin'],
    ['//admin', '//admin', '//admin', '/admin', '/admin'],
    ['/a//../b', '/a//../b', '/a/b', '/a/b', '/a/b'],
    ['/a%2Fb', '/a%2Fb', '/a%2Fb', '/a%2Fb', '/a/b'],
    ['/a%5c..%2fb', '/a%5c..%2fb', '/a%5c..%2fb', '/a%5c..%2fb', '/b'],
    ['/a%252Fb', '/a%252Fb', '/a%252Fb', '/a%252Fb', '/a%252Fb'],
    ['/100%', '/100%', '/100%25', '/100%25', '/100%25'],
    ['/a/../b?x=/../%2e', '/a/../b?x=/../%2e', '/b?x=/../%2e', '/b?x=/../%2e', '/b?x=/../%2e'],
    ['http://host:8080/a/../b', '/a/../b', '/b', '/b', '/b'],
    ['http://host', '/', '/', '/', '/'],
    ['*', '*', '*', '*', '*'],
  ];
  for (const [path, ...expected] of table)
    for (const [index, mode] of MODES.entries())
      assert.equal(normalizePath(path, mode), expected[index], `${path} under ${mode}`);
});

test('control characters, fragments and what is no path are refused in every mode', () => {
  for (const mode of MODES)
    for (const path of ['/a\0', '/a#b', '/a?b#c', '/a\n', '/\x7f', '', 'host:443', 'admin'])
      assert.equal(normalizePath(path, mode), null, JSON.stringify(path));
});

const piece = fc.constantFrom(
  '/',
  '//',
  '.',
  '..',
  '%',
  '%2',
  '%2e',
  '%2F',
  '%5c',
  '%25',
  '36',
  '31',
  '\\',
  'a',
  '?',
);
const anyPath = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`);

test('normalising twice is the same as normalising once', () => {
  fc.assert(
    fc.property(anyPath, fc.constantFrom(...MODES), (path, mode) => {
      const once = normalizePath(path, mode)!;
      assert.equal(normalizePath(once, mode), once);
    }),
    { numRuns: 2000 },
  );
});

test('a normal form has no dot segment, no backslash and no decodable dot', () => {
  fc.assert(
    fc.property(anyPath, fc.constantFrom<PathNormalization>('BASE', 'MERGE_SLASHES'), (path, mode) => {
      const normal = normalizePath(path, mode)!.split('?')[0]!;
      assert.doesNotMatch(normal, /\/\.{1,2}(?:\/|$)|\\|%2e/i);
      if (mode === 'MERGE_SLASHES') assert.doesNotMatch(normal, /\/\//);
    }),
    { numRuns: 2000 },
  );
});
