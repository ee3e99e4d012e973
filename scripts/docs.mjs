/**
 * Makes the generated parts of the documentation anew: `node scripts/docs.mjs --write`. Without `--write` it says what is stale, as the
 * tests do. Needs a build: `npm run build`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownFiles, ROOT, read, render } from '../build/test/docs/markdown.js';
import { TABLES } from '../build/test/docs/tables.js';

const write = process.argv.includes('--write');
let stale = 0;
for (const path of markdownFiles()) {
  const text = read(path);
  const made = render(text, TABLES);
  if (made === text) continue;
  stale += 1;
  console.log(`${path} ${write ? 'written' : 'is stale'}`);
  if (write) writeFileSync(join(ROOT, path), made);
}
process.exit(write || stale === 0 ? 0 : 1);
