/** The policy that pages show is right. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResources, validateResource } from 'heddle/policy';
import { fencesOf, read } from './markdown.js';

const SHOWN = ['docs/concepts/resilience.md', 'docs/guides/locality.md'];

for (const page of SHOWN)
  test(`what ${page} shows is without fault`, () => {
    const shown = fencesOf(read(page)).filter(({ language }) => language === 'yaml');
    assert.ok(shown.length > 0);
    for (const { text, line } of shown) {
      const { resources, messages } = parseResources([{ file: `${page}:${line}`, text }]);
      assert.deepEqual([...messages, ...resources.flatMap(validateResource)], []);
      assert.ok(resources.length > 0);
    }
  });
