/** What holds for a whole mesh, from the flags of the config service to what its workloads do, and to explanations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JoinOptions, join } from 'heddle';
import { heddle, temporaryFolder } from './cli.test.kit.js';
import { startCommand } from './control.test.kit.js';

/** Policy from before the mesh was renamed, which may be got around by `//admin` where slashes are not merged. */
const POLICY = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: callers }
spec:
  selector: { matchLabels: { app: reviews } }
  rules:
    - from: [{ source: { principals: [old.example/ns/default/sa/client] } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-admin }
spec:
  selector: { matchLabels: { app: reviews } }
  action: DENY
  rules:
    - to: [{ operation: { paths: [/admin] } }]
`;

const FLAGS = ['--trust-domain-alias', 'old.example', '--path-normalization', 'MERGE_SLASHES'];

test('workloads get trust domain aliases and path normalization from the config service', async (context) => {
  const dataDir = temporaryFolder(context);
  const control = startCommand(context, ['--data', dataDir, '--trust-domain', 'new.example', ...FLAGS]);
  await control.ready;
  const url = /https:\S+/.exec(control.said.stdout)![0];
  const data = ['--data', dataDir];
  const applied = await heddle(['apply', ...data, '-f', '-'], { stdin: POLICY });
  assert.equal(applied.exit, 0, applied.stderr);
  const member = async (service: string, options: JoinOptions = {}) => {
    const token = await heddle(['token', 'create', ...data, '--service-account', service]);
    assert.equal(token.exit, 0, token.stderr);
    const mesh = await join({
      control: url,
      token: token.stdout.trim(),
      serviceAccount: service,
      joinTimeoutMs: 60_000,
      drainTimeoutMs: 60_000,
      log() {},
      ...options,
    });
    context.after(() => mesh.close());
    return mesh;
  };
  const reviews = await member('reviews', { service: 'reviews' });
  const { port } = await reviews.listen((_request, response) => void response.end('hello'), 0);
  assert.equal(reviews.status().identity?.spiffeId, 'spiffe://new.example/ns/default/sa/reviews');
  const status = async (account: string, path: string) => {
    const mesh = await member(account);
    while (mesh.status().clusters.every(({ endpoints }) => endpoints.length === 0))
      await new Promise(setImmediate);
    const response = await mesh.fetch(`http://reviews${path}`);
    await response.text();
    return response.status;
  };
  assert.ok(port > 0);
  assert.equal(await status('client', '/'), 200);
  assert.equal(await status('client', '//admin'), 403);
  assert.equal(await status('stranger', '/'), 403);
});

test('explain inbound takes them, too', async (context) => {
  const folder = temporaryFolder(context, { 'policy.yaml': POLICY });
  const decision = async (path: string, ...flags: string[]) => {
    const argv = ['explain', 'inbound', '-f', folder, '--json', '--trust-domain', 'new.example', ...flags];
    const peer = { principal: 'new.example/ns/default/sa/client', ip: '10.0.0.7' };
    const exchange = { workload: { labels: { app: 'reviews' } }, port: 80, peer, method: 'GET', path };
    const said = await heddle(argv, { stdin: JSON.stringify({ ...exchange, authority: 'reviews' }) });
    assert.equal(said.exit, 0, said.stderr);
    return JSON.parse(said.stdout).decision;
  };
  assert.equal(await decision('/'), 'deny');
  assert.equal(await decision('/', ...FLAGS), 'allow');
  assert.equal(await decision('//admin', ...FLAGS.slice(0, 2)), 'allow');
  assert.equal(await decision('//admin', ...FLAGS), 'deny');
});

test('what is no trust domain and no way to normalize is refused before anything starts', async (context) => {
  const control = (...argv: string[]) =>
    heddle(['control', '--port', '0', '--data', temporaryFolder(context), ...argv]);
  const alias = await control('--trust-domain-alias', 'Old/One');
  assert.equal(alias.exit, 2);
  assert.match(alias.stderr, /mesh\.trustDomainAliases \(Old\/One\) is not a trust domain/);
  const mode = await control('--path-normalization', 'DECODE');
  assert.equal(mode.exit, 2);
  assert.match(mode.stderr, /Allowed choices are NONE, BASE, MERGE_SLASHES, DECODE_AND_MERGE_SLASHES/);
});
