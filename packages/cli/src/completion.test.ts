import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { heddle } from './cli.test.kit.js';

for (const shell of ['bash', 'zsh']) {
  test(`the completion for ${shell} is right by bash's own check`, async () => {
    const { exit, stdout } = await heddle(['completion', shell]);
    assert.equal(exit, 0);
    const { status, stderr } = spawnSync('bash', ['-n'], { input: stdout, encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });
}

test('an unknown shell is wrong usage', async () => {
  const { exit, stderr } = await heddle(['completion', 'csh']);
  assert.equal(exit, 2);
  assert.match(stderr, /Allowed choices are bash, zsh, fish/);
});

test('bash completes commands, sub-commands, options, kinds and choices', async () => {
  const { stdout } = await heddle(['completion', 'bash']);
  const complete = (...words: string[]) => {
    const script = `${stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _heddle; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const child = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
    assert.equal(child.stderr, '');
    return child.stdout.trim().split('\n');
  };
  assert.deepEqual(complete('heddle', 'to'), ['token']);
  assert.deepEqual(complete('heddle', 'token', ''), ['create', 'list', 'revoke', '--help']);
  assert.deepEqual(complete('heddle', 'token', 'create', '--s'), ['--service-account']);
  assert.deepEqual(complete('heddle', 'get', 'Vi'), ['VirtualService']);
  assert.deepEqual(complete('heddle', 'get', '-o', ''), ['table', 'yaml', 'json']);
  assert.deepEqual(complete('heddle', 'completion', 'z'), ['zsh']);
  assert.deepEqual(complete('heddle', 'analyze', '-f', '/et'), ['/etc']);
});
