import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocumentPipeline } from './policy-pipeline.js';

const OPTIONS = {
  scope: { namespace: 'default', service: 'web', labels: {} },
  mesh: { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' },
} as const;

const service = (name: string) => ({
  file: `${name}.yaml`,
  text: `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: 80}]}\n`,
});
const routes = (name: string, timeout: string) => ({
  file: `${name}-routes.yaml`,
  text: `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ${name}}\nspec: {hosts: [${name}], http: [{timeout: ${timeout}, route: [{destination: {host: ${name}}}]}]}\n`,
});

test('after one file has changed the hosts of the others are the very same', () => {
  const pipeline = new DocumentPipeline(OPTIONS);
  const first = pipeline.compile([service('a'), service('b'), routes('a', '1s')], 1).policy;
  const second = pipeline.compile([service('a'), service('b'), routes('a', '2s')], 2).policy;
  assert.equal(second?.revision, 2);
  assert.equal(second?.hosts[0]?.routes[0]?.timeoutMs, 2_000);
  assert.notEqual(second?.hosts[0], first?.hosts[0]);
  assert.equal(second?.hosts[1], first?.hosts[1]);
});

test('a file that is taken away takes what it says with it', () => {
  const pipeline = new DocumentPipeline(OPTIONS);
  pipeline.compile([service('a'), service('b')], 1);
  assert.deepEqual(
    pipeline.compile([service('b')], 2).policy?.hosts.map(({ host }) => host),
    ['b.default.svc.cluster.local'],
  );
});

test('one error refuses all, and what comes after it is as if it had never been', () => {
  const pipeline = new DocumentPipeline(OPTIONS);
  pipeline.compile([service('a'), routes('a', '1s')], 1);
  const refused = pipeline.compile([service('b'), routes('a', 'soon')], 2);
  assert.equal(refused.policy, null);
  assert.equal(refused.messages[0]?.file, 'a-routes.yaml');
  const mended = pipeline.compile([service('b'), routes('b', '1s')], 3).policy;
  assert.deepEqual(
    mended?.hosts.map(({ host }) => host),
    ['b.default.svc.cluster.local'],
  );
});

test('a resource that is there twice is refused by both places', () => {
  const again = { ...routes('a', '2s'), file: 'more.yaml' };
  const { policy, messages } = new DocumentPipeline(OPTIONS).compile([routes('a', '1s'), again], 1);
  assert.equal(policy, null);
  assert.match(messages[0]?.message ?? '', /already in a-routes\.yaml:3:12/);
  assert.equal(messages[0]?.file, 'more.yaml');
});
