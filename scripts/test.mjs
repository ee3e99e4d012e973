/**
 * `npm test`: formatter and linter, then every suite on this Node, then the SDK's suites on the other supported Nodes.
 * `npm test -- PATTERN` runs only the test files whose path holds PATTERN, on this Node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
process.chdir(root);

const pattern = process.argv[2] ?? '';
const sdk = testsIn('dist');
const packages = readdirSync('packages').flatMap((name) => testsIn(join('packages', name, 'dist')));
const wide = testsIn('build/test');
const all = [...sdk, ...packages, ...wide].filter((file) => file.includes(pattern));

const notes = mkdtempSync(join(tmpdir(), 'heddle-tests-'));
const skipped = [];
const results = [];

if (pattern === '') {
  const passed = run('node_modules/.bin/biome', ['check', '--error-on-warnings', '.']);
  results.push(['format and lint', { passed, failures: [] }]);
}
results.push([`tests on Node ${process.versions.node}`, test(process.execPath, all)]);
if (pattern === '') {
  for (const name of ['node22', 'node24']) {
    const binary = join('test/nodes/node_modules', name, 'bin/node');
    if (existsSync(binary))
      results.push([`SDK tests on ${name}`, test(join(root, binary), [...sdk, ...wide.filter(onEveryNode)])]);
    else skipped.push(`SDK tests on ${name}: ${binary} is not there (there are binaries for linux-x64 only)`);
  }
  if (spawnSync('openssl', ['version']).status !== 0)
    skipped.push('second opinions of openssl: it is not installed');
  const grpc = (python) => spawnSync(python, ['-c', 'import grpc, google.protobuf']).status === 0;
  if (!grpc('python3') && !grpc('/usr/bin/python3'))
    skipped.push('gRPC with Python: python3-grpcio is not installed');
}

console.log('\nSummary');
for (const [name, { passed, failures }] of results) {
  console.log(`  ${passed ? 'passed ' : 'FAILED '} ${name}`);
  for (const failure of failures) console.log(`          ${failure}`);
}
for (const reason of skipped) console.log(`  SKIPPED ${reason}`);
rmSync(notes, { recursive: true });
process.exit(results.every(([, { passed }]) => passed) ? 0 : 1);

/** What is about the repository itself, or starts Node by itself, need not run three times. */
function onEveryNode(file) {
  return !/build\/test\/(architecture|docs|pack|end-to-end|grpc\/(python|faults|config-service))/.test(file);
}

function testsIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.test.js') && !file.includes('node_modules'))
    .map((file) => join(folder, file))
    .sort();
}

/** @returns whether all passed, and a line for each that did not */
function test(node, files) {
  if (files.length === 0) {
    console.error(`No test file matches "${pattern}".`);
    return { passed: false, failures: [] };
  }
  const file = join(notes, 'failures');
  const reporters = [
    ['spec', 'stdout'],
    [join(root, 'scripts/failures.mjs'), file],
  ].flatMap(([name, to]) => [`--test-reporter=${name}`, `--test-reporter-destination=${to}`]);
  const passed = run(node, ['--test', '--test-concurrency=2', ...reporters, ...files]);
  const failures = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return { passed, failures };
}

function run(command, args) {
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd: root }).status === 0;
}
