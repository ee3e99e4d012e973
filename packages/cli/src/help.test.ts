import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heddle } from './cli.test.kit.js';

/** Every command, and a line that its help must teach. */
const COMMANDS: readonly (readonly [command: string, example: string])[] = [
  ['', 'HEDDLE_DATA=./heddle-data heddle apply -f policy/'],
  ['control', 'heddle control --data ./heddle-data'],
  ['status', 'heddle status --json | jq'],
  ['token', 'heddle token create --service-account reviews > reviews.token'],
  ['token create', 'export HEDDLE_TOKEN=$(heddle token create --service-account reviews)'],
  ['token list', 'heddle token list'],
  ['token revoke', 'heddle token revoke 3f9c1a77b2'],
  ['ca', 'heddle ca bundle > roots.pem'],
  ['ca bundle', 'heddle ca bundle --json'],
  ['ca export', 'heddle ca export --p12 --out ca.p12 --passphrase-file passphrase.txt'],
  ['ca status', 'heddle ca status'],
  ['ca rotate', 'heddle ca rotate root'],
  ['ca retire', 'heddle ca retire 3f9c1a77b2'],
  ['ca issued', 'heddle ca issued --id spiffe://cluster.local/ns/default/sa/reviews'],
  ['ca deny', 'heddle ca deny --serial'],
  ['ca allow', 'heddle ca allow --id spiffe://cluster.local/ns/default/sa/reviews'],
  ['ca denied', 'heddle ca denied'],
  ['ca policy', 'heddle ca policy -f issuance.yaml'],
  ['ca root', 'heddle ca root --out root.pem'],
  ['ca intermediate', 'heddle ca intermediate --root root.pem --out intermediate.pem'],
  ['ca request', 'heddle ca request --out request.pem'],
  ['ca sign', 'heddle ca sign -f request.pem --root root.pem --out intermediate.pem'],
  ['ca import', 'heddle ca import --p12 company.p12'],
  ['ca install', 'heddle ca install -f intermediate.pem'],
  ['federation', 'heddle federation add partner.example --url https://partner.example/bundle'],
  ['federation list', 'heddle federation list'],
  ['federation add', '--spiffe-id spiffe://partner.example/ns/heddle-system/sa/control'],
  ['federation remove', 'heddle federation remove partner.example'],
  ['apply', 'heddle apply -f reviews.yaml --dry-run'],
  ['get', 'heddle get vs reviews -o yaml > reviews.yaml'],
  ['delete', 'heddle delete -f policy/'],
  ['analyze', 'heddle analyze -f policy/ --strict --json'],
  ['explain', 'heddle explain outbound -f policy/'],
  ['explain outbound', '"headers": {"end-user": "jason"}'],
  ['explain inbound', '"peer": {"principal": "cluster.local/ns/default/sa/reviews"'],
  ['test', 'heddle test policy/ --junit results.xml'],
  ['schema', 'heddle schema VirtualService'],
  ['completion', 'source <(heddle completion bash)'],
  ['version', 'heddle version --json'],
];

for (const [command, example] of COMMANDS) {
  test(`\`${`heddle ${command}`.trim()} --help\` says what it does in a sentence and shows examples`, async () => {
    const words = command.split(' ').filter((word) => word !== '');
    const { exit, stdout, stderr } = await heddle([...words, '--help']);
    assert.equal(exit, 0);
    assert.equal(stderr, '');
    assert.match(stdout, new RegExp(`^Usage: heddle ${command}`));
    assert.match(stdout, /^[A-Z][^\n]+(\n[^\n]+)?\.\n\n/m, 'a sentence');
    assert.match(stdout, /\nExamples:\n {2}# /);
    assert.ok(stdout.includes(example), `${stdout}\nlacks ${example}`);
    assert.ok(!stdout.includes('\x1b'), 'no colours: it is no terminal');
  });
}

test('every command there is has its row in the test above', async () => {
  const known = COMMANDS.map(([command]) => command);
  const { stdout } = await heddle(['completion', 'fish']);
  const seen = [...stdout.matchAll(/ -f(?: -n '([^']*)')? -a '([a-z]+)'/g)].map(
    ([, conditions = '', word]) => {
      const names = [...conditions.matchAll(/(not )?__fish_seen_subcommand_from (\w+)/g)].filter(
        ([, not]) => not === undefined,
      );
      return [...names.map(([, , name]) => name), word].join(' ');
    },
  );
  const commands = seen.filter((command) => !/^(completion|ca rotate) ./.test(command));
  assert.deepEqual([...new Set(['', ...commands])].sort(), [...known].sort());
});

test('an unknown command, option or kind is wrong usage, and the nearest is suggested', async () => {
  for (const [argv, expected] of [
    [['aply'], /unknown command 'aply'\n\(Did you mean apply\?\)/],
    [['token', 'creat'], /unknown command 'creat'\n\(Did you mean create\?\)/],
    [['get', '--namespce', 'x'], /unknown option '--namespce'\n\(Did you mean --namespace\?\)/],
    [['get', 'Virtual'], /The kinds are VirtualService \(vs\), DestinationRule \(dr\)/],
    [['apply'], /required option '-f, --filename <path...>' not specified/],
    [['analyze', '-f', 'x', '--failure-threshold', 'loud'], /Allowed choices are info, warning, error/],
    [
      ['control', '--port', '70000'],
      /'--port <n>' argument '70000' is invalid. It is a whole number from 0 to 65535/,
    ],
    [['token', 'create', '--ttl', 'soon'], /such as 90s, 30m, 24h or 7d/],
    [['version', 'now'], /too many arguments/],
  ] as const) {
    const { exit, stdout, stderr } = await heddle(argv);
    assert.equal(exit, 2, argv.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, expected);
    assert.match(stderr, /--help` says how it is used/);
  }
});

test('without a command the help goes to stderr and the exit code is 2', async () => {
  const { exit, stdout, stderr } = await heddle([]);
  assert.deepEqual([exit, stdout], [2, '']);
  assert.match(stderr, /Usage: heddle/);
});

test('the version is told to people, to programs and to --version', async () => {
  const { stdout } = await heddle(['version', '--json']);
  const versions = JSON.parse(stdout) as Record<string, string>;
  assert.deepEqual(Object.keys(versions), ['heddle', 'sdk', 'node']);
  assert.equal(versions.node, process.versions.node);
  assert.match((await heddle(['version'])).stdout, new RegExp(`^heddle +${versions.heddle}\n`));
  assert.equal((await heddle(['--version'])).stdout, `${versions.heddle}\n`);
});

test('colours are for terminals, and NO_COLOR turns them off', async () => {
  const colored = async (env: Record<string, string>, isTTY: boolean) =>
    (await heddle(['--help'], { env, isTTY })).stdout.includes('\x1b[');
  assert.equal(await colored({}, true), true);
  assert.equal(await colored({}, false), false);
  assert.equal(await colored({ NO_COLOR: '1' }, true), false);
  assert.equal(await colored({ NO_COLOR: '1', FORCE_COLOR: '1' }, true), false);
  assert.equal(await colored({ NO_COLOR: '' }, true), true);
  assert.equal(await colored({ FORCE_COLOR: '1' }, false), true);
  assert.equal(await colored({ TERM: 'dumb' }, true), false);
  const { stderr } = await heddle(['aply'], { isTTY: true });
  assert.match(stderr, /^\x1b\[31merror:/);
});
