/** The policy in this repository, as an editor would see it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { conforms } from './conforms.test.helper.js';
import { policyJsonSchema } from './json-schema.js';

/** What the config service, and Kubernetes, are told. */
const SETTINGS = new Set(['ca/issuance.yaml', 'identity/pod.yaml']);
const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));

test('every document of the examples conforms to the JSON Schema', () => {
  const schema = policyJsonSchema();
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.yaml') && !file.includes('node_modules') && !SETTINGS.has(file),
  );
  assert.ok(files.length > 5);
  for (const file of files)
    for (const document of parseAllDocuments(readFileSync(join(EXAMPLES, file), 'utf8'))) {
      assert.ok('toJS' in document, file);
      assert.deepEqual(conforms(schema, document.toJS()), [], `${file}\n${document.toString()}`);
    }
});
