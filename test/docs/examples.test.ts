/** The examples run: as their READMEs say, against real processes. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ROOT, source } from './markdown.js';

const QUICKSTART = join(ROOT, 'examples/quickstart');
/** The commands wait for each other: what never comes must not be waited for. */
const LIMIT = { timeout: 180_000 };

test('the quickstart prints what its README says', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(QUICKSTART, 'dist/check.js')], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
});

for (const [title, name, program, named] of [
  ['TCP', 'tcp', 'main.mjs', '9201'],
  ['clients', 'clients', 'main.mjs', '9301'],
  ['servers', 'servers', 'dist/main.js', '9401'],
  ['gRPC', 'grpc', 'dist/main.js', '9501,9502,9503'],
] as const)
  test(`the ${title} example prints what its README says`, () => programPrints(name, program, named));

/** @param named the ports in its policy, in whose place there are free ones */
async function programPrints(name: string, program: string, named: string): Promise<void> {
  const example = join(ROOT, 'examples', name);
  const folder = mkdtempSync(join(tmpdir(), 'heddle-docs-'));
  try {
    let policy = readFileSync(join(example, 'policy.yaml'), 'utf8');
    const ports: string[] = [];
    for (const one of named.split(',')) {
      const port = String(await freePort());
      policy = policy.replace(one, port);
      ports.push(port);
    }
    writeFileSync(join(folder, 'policy.yaml'), policy);
    const places = { HEDDLE_POLICY: join(folder, 'policy.yaml'), PORT: ports[0], PORTS: ports.join() };
    const env = { ...process.env, ...places };
    const said = spawnSync(process.execPath, [join(example, program)], { encoding: 'utf8', env });
    assert.equal(said.status, 0, said.stdout + said.stderr);
    assert.equal(said.stdout, readFileSync(join(example, 'expected.txt'), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the README shows an example of at most 15 lines of code', () => {
  const lines = source('examples/quickstart/src/main.ts#join').split('\n');
  const code = lines.filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
  assert.ok(code.length <= 15, `${code.length} lines`);
});

for (const [guide, name, files] of [
  ['policy tests', 'policy-tests', ['expected.txt', 'failed.txt']],
  ['tokens', 'tokens', ['expected.txt', 'explained.txt']],
  ['access', 'access', ['expected.txt', 'explained.txt']],
] as const)
  test(`the commands of the guide to ${guide} print what it shows`, () => commandsPrint(name, files));

/** @param files what they print, in order */
function commandsPrint(name: string, files: readonly string[]): void {
  const example = join(ROOT, 'examples', name);
  const folder = mkdtempSync(join(tmpdir(), 'heddle-docs-'));
  try {
    cpSync(example, folder, { recursive: true });
    const script = heddleFunction() + readFileSync(join(example, 'commands.sh'), 'utf8');
    const env = { ...process.env, NO_COLOR: '1' };
    const said = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8', env });
    assert.equal(said.status, 0, said.stdout + said.stderr);
    const shown = files.map((file) => readFileSync(join(example, file), 'utf8'));
    assert.equal(said.stdout, shown.join(''));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the commands of the first mesh work in the order in which the guide has them', LIMIT, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-docs-'));
  try {
    const { status, output } = await runCommands(join(QUICKSTART, 'first-mesh.sh'), folder, t.signal);
    assert.equal(status, 0, output);
    for (const seen of [
      '200 Hello, spiffe://cluster.local/ns/default/sa/caller',
      '403 RBAC: access denied',
      'AuthorizationPolicy default/greeter created',
      /default\/greeter-\S+ +spiffe:\/\/cluster\.local\/ns\/default\/sa\/greeter .*accepted/,
      'outcome  route',
    ])
      assert.ok(
        typeof seen === 'string' ? output.includes(seen) : seen.test(output),
        `${seen} not in\n${output}`,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test(
  'the commands of the guide to the CA work in the order in which the guide has them',
  LIMIT,
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-docs-'));
    try {
      const script = join(ROOT, 'examples/ca/commands.sh');
      const { status, output } = await runCommands(script, folder, t.signal);
      assert.equal(status, 0, output);
      for (const seen of [
        /intermediate [0-9a-f]{16} signs/,
        /root [0-9a-f]{16} announced/,
        /root +[0-9a-f]{16} +\w+ +elsewhere/,
        /"ids": \[\n? *"ns\/prod\/sa\/\*"/,
        /id spiffe:\/\/cluster\.local\/ns\/default\/sa\/reviews denied/,
        /key on a stolen disk/,
        /id spiffe:\/\/cluster\.local\/ns\/default\/sa\/reviews allowed/,
      ])
        assert.match(output, seen);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test('the commands of the guide to identity federate a second mesh', LIMIT, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-docs-'));
  try {
    const script = join(ROOT, 'examples/identity/commands.sh');
    const { status, output } = await runCommands(script, folder, t.signal);
    assert.equal(status, 0, output);
    assert.match(output, /^partner\.example federated$/m);
    assert.match(output, /^partner\.example +https_spiffe +https:/m);
    assert.match(output, /^partner\.example is not federated any more$/m);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Runs an example's script in `folder`, beside what else there is of the example, with `heddle` from this repository and a free port in place of the one it names. */
async function runCommands(script: string, folder: string, signal: AbortSignal) {
  cpSync(dirname(script), folder, { recursive: true });
  // The example's imports resolve from its own place.
  const commands = readFileSync(script, 'utf8')
    .replaceAll('15010', String(await freePort()))
    .replaceAll('node dist/', `'${process.execPath}' '${QUICKSTART}'/dist/`);
  writeFileSync(join(folder, 'run.sh'), heddleFunction() + commands);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HEDDLE_')));
  // A group of its own: what it leaves in the background ends with it.
  const child = spawn('bash', ['run.sh'], { cwd: folder, detached: true, env: { ...env, NO_COLOR: '1' } });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const end = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // Nothing was left.
    }
  };
  signal.addEventListener('abort', end, { once: true });
  const closed = once(child, 'close');
  const [status] = (await once(child, 'exit')) as [number | null];
  end();
  await closed;
  return { status, output };
}

/** `heddle` of this repository, for bash. */
function heddleFunction(): string {
  return `heddle() { '${process.execPath}' '${join(ROOT, 'packages/cli/bin/heddle.js')}' "$@"; }\n`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
