import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPathTemplate, pathTemplateTest } from './path-template.js';

test('a template takes one segment for {*} and any text for {**}', () => {
  const table: [template: string, matches: string[], others: string[]][] = [
    ['/foo/{*}', ['/foo/bar'], ['/foo/', '/foo', '/foo/bar/baz', '/x/foo/bar']],
    ['/foo/{**}', ['/foo/', '/foo/bar', '/foo/bar/baz'], ['/foo', '/fooo/bar']],
    ['/foo/{*}/bar/{**}', ['/foo/a/bar/', '/foo/a/bar/b/c'], ['/foo/a/b/bar/', '/foo//bar/']],
    ['/foo/{**}/end', ['/foo/a/end', '/foo/a/b/end', '/foo//end'], ['/foo/end', '/foo/a/end/x']],
    ['/v1.0/{*}', ['/v1.0/a'], ['/v1x0/a']],
    ['/{**}', ['/', '/a/b'], ['a']],
  ];
  for (const [template, matches, others] of table) {
    assert.equal(checkPathTemplate(template), null, template);
    const matcher = pathTemplateTest(template);
    for (const path of matches) assert.ok(matcher(path), `${template} takes ${path}`);
    for (const path of others) assert.ok(!matcher(path), `${template} does not take ${path}`);
  }
});

test('an operator that is no whole segment, stands after {**}, or a stray brace is refused', () => {
  for (const template of [
    '/{**}/{*}',
    '/{**}/{**}',
    '/a{*}',
    '/{*}b',
    '/{',
    '/}',
    '/{name}',
    '/{*}/*',
    '/{*}/a b',
    '/{*}//a',
  ])
    assert.notEqual(checkPathTemplate(template), null, template);
});
