/**
 * Makes the generated parts of the repository anew: `node scripts/docs.mjs --write`. They are tables and code in Markdown, the types of
 * policy and its JSON Schema. Without `--write` it says what is stale, as the tests do. Needs a build: `npm run build`; and another one
 * after it has written types.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedFiles } from '../build/test/docs/generated.js';
import { markdownFiles, ROOT, read, render } from '../build/test/docs/markdown.js';
import { TABLES } from '../build/test/docs/tables.js';

const write = process.argv.includes('--write');
let stale = 0;
for (const [path, text] of Object.entries(generatedFiles())) settle(path, text);
for (const path of markdownFiles()) settle(path, render(read(path), TABLES));
process.exit(write || stale === 0 ? 0 : 1);

function settle(path, text) {
  const file = join(ROOT, path);
  if (existsSync(file) && read(path) === text) return;
  stale += 1;
  console.log(`${path} ${write ? 'written' : 'is stale'}`);
  if (!write) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
