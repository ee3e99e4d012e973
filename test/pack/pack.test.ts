/** What would be published: packed, looked into, installed into an empty project, imported and type-checked there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  install,
  type Manifest,
  manifest,
  nodes,
  type Packed,
  pack,
  published,
  ROOT,
  run,
} from './project.js';

const folders = published();
const workspace = mkdtempSync(join(tmpdir(), 'heddle-pack-'));
const project = join(workspace, 'consumer');
let packed: readonly Packed[] = [];

before(() => {
  packed = pack(folders, workspace);
  install(
    project,
    packed.map(({ filename }) => join(workspace, filename)),
    packed,
  );
});
after(() => rmSync(workspace, { recursive: true, force: true }));

function each(check: (folder: string, description: Manifest, files: ReadonlySet<string>) => void): void {
  for (const folder of folders) {
    const description = manifest(folder);
    const { files } = packed.find(({ name }) => name === description.name)!;
    check(folder, description, new Set(files.map(({ path }) => path)));
  }
}

/** Specifiers of all entry points that are code. `heddle/auto` is a program: it joins a mesh as it is loaded. */
function entryPoints(): string[] {
  return folders.map(manifest).flatMap(({ name, exports }) =>
    Object.entries(exports)
      .filter(([path, target]) => typeof target !== 'string' && path !== './auto')
      .map(([path]) => name + path.slice(1)),
  );
}

test('a package says its licence, its Node and its types, and ships what its exports and commands name', () => {
  each((folder, description, files) => {
    assert.equal(description.license, 'Apache-2.0', folder);
    assert.equal(description.engines?.node, '>=20.19.0', folder);
    assert.equal(description.type, 'module', folder);
    const named = Object.values(description.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : [target.types, target.default],
    );
    for (const target of [...named, ...Object.values(description.bin ?? {}), description.types!])
      assert.ok(files.has(target.replace('./', '')), `${folder} names ${target} but does not ship it`);
  });
});

test('a package ships its README and licence, and no tests, sources or build state', () => {
  each((folder, _, files) => {
    for (const wanted of ['package.json', 'README.md', 'LICENSE'])
      assert.ok(files.has(wanted), `${folder} ships no ${wanted}`);
    const unwanted = [...files].filter(
      (path) =>
        /\.test\.|\btest\/|tsbuildinfo|model\/testing|node_modules/.test(path) ||
        (path.endsWith('.ts') && !path.endsWith('.d.ts')),
    );
    assert.deepEqual(unwanted, [], folder);
    assert.equal(
      readFileSync(join(ROOT, folder, 'LICENSE'), 'utf8'),
      readFileSync(join(ROOT, 'LICENSE'), 'utf8'),
    );
  });
});

test('a source map that ships holds its sources, and points to nothing outside of the package', () => {
  each((folder, { name }, files) => {
    for (const path of files) {
      if (!path.endsWith('.map')) continue;
      const map = JSON.parse(readFileSync(join(project, 'node_modules', name, path), 'utf8'));
      assert.equal(map.sourcesContent?.length, map.sources.length, `${folder}: ${path}`);
    }
  });
});

const { present, absent } = nodes();
for (const name of absent) test(`the packages on ${name}`, { skip: `${name} is not installed` }, () => {});

test('every entry point loads by import and by require, with the same exports, on every Node', () => {
  const names = JSON.stringify(entryPoints());
  const list = 'Object.keys(loaded).sort()';
  writeFileSync(
    join(project, 'by-import.mjs'),
    `const out = {};
    for (const name of ${names}) { const loaded = await import(name); out[name] = ${list}; }
    console.log(JSON.stringify(out));`,
  );
  writeFileSync(
    join(project, 'by-require.cjs'),
    `const out = {};
    for (const name of ${names}) { const loaded = require(name); out[name] = ${list}; }
    console.log(JSON.stringify(out));`,
  );
  const first: Record<string, string[]> = JSON.parse(run(process.execPath, ['by-import.mjs'], project));
  for (const [name, exports] of Object.entries(first))
    assert.ok(exports.length > 0, `${name} exports nothing`);
  for (const [node, binary] of present)
    for (const file of ['by-import.mjs', 'by-require.cjs'])
      assert.deepEqual(JSON.parse(run(binary, [file], project)), first, `${file} on ${node}`);
});

test('heddle/auto joins by --import, and stops what cannot join, on every Node', () => {
  writeFileSync(join(project, 'none.yaml'), '# no policy');
  writeFileSync(
    join(project, 'unchanged.cjs'),
    "fetch('http://unknown/').catch((error) => console.log(error.code));",
  );
  for (const [node, binary] of present) {
    const start = (env: Record<string, string>) =>
      spawnSync(binary, ['--import', 'heddle/auto', 'unchanged.cjs'], {
        cwd: project,
        encoding: 'utf8',
        env,
      });
    assert.equal(start({ HEDDLE_POLICY: 'none.yaml' }).stdout, 'HEDDLE_NO_ROUTE\n', node);
    const stopped = start({});
    assert.deepEqual([stopped.status, stopped.stdout], [1, ''], node);
    assert.match(stopped.stderr, /HEDDLE_INVALID_SETTING/, node);
  }
});

test('loading the packages starts nothing: the process ends by itself and prints nothing', () => {
  const imports = entryPoints().map((name) => `import ${JSON.stringify(name)};`);
  writeFileSync(join(project, 'silent.mjs'), imports.join('\n'));
  assert.equal(run(process.execPath, ['silent.mjs'], project), '');
});

test('the quickstart runs on the installed package, on every Node', () => {
  const example = join(project, 'quickstart');
  for (const part of ['dist', 'policy.yaml', 'expected.txt'])
    cpSync(join(ROOT, 'examples/quickstart', part), join(example, part), { recursive: true });
  for (const [, binary] of present) run(binary, [join(example, 'dist/check.js')], project);
});

test('the installed command runs, on every Node', () => {
  const policy = join(ROOT, 'examples/quickstart/policy.yaml');
  for (const [node, binary] of present) {
    const command = join(project, 'node_modules/.bin/heddle');
    assert.match(run(binary, [command, 'version'], project), /heddle +\d+\.\d+\.\d+/, node);
    const { valid } = JSON.parse(run(binary, [command, 'analyze', '-f', policy, '--json'], project));
    assert.equal(valid, true, node);
  }
});

test('a strict consumer type-checks against the installed types', () => {
  cpSync(join(ROOT, 'test/pack/consumer.ts.txt'), join(project, 'consumer.ts'));
  cpSync(join(ROOT, 'test/pack/consumer.ts.txt'), join(project, 'consumer.cts'));
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ['node'],
  };
  const config = { compilerOptions, files: ['consumer.ts', 'consumer.cts'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'], project);
});
