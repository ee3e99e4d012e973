import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResources } from './parse.js';

function judge(apiVersion: string, kind: string): string[] {
  const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x }\nspec: { a: [1] }\n`;
  const { resources, messages } = parseResources([{ file: 'x.yaml', text }]);
  assert.equal(resources.length, 0);
  assert.equal(messages.length, 1);
  const { level, code, path, message } = messages[0]!;
  assert.equal(path, 'kind');
  return [`${level} ${code}`, message];
}

for (const [apiVersion, kind, reason] of [
  ['networking.istio.io/v1alpha3', 'EnvoyFilter', /no Envoy in a process/],
  ['networking.istio.io/v1beta1', 'ProxyConfig', /concurrency, environment and image/],
  ['extensions.istio.io/v1alpha1', 'WasmPlugin', /WebAssembly/],
  ['extensions.istio.io/v1alpha1', 'TrafficExtension', /WebAssembly or Lua/],
] as const)
  test(`${kind} is refused by name, with the reason and what to do`, () => {
    const [code, message] = judge(apiVersion, kind);
    assert.equal(code, 'error HDL0007');
    assert.match(message!, new RegExp(`^Heddle has no ${kind}: `));
    assert.match(message!, reason);
    assert.match(message!, /\b(Write|Set|Do) /);
  });

test('a kind of a proxy in a group that does not have it is not known', () => {
  assert.equal(judge('example.com/v1', 'EnvoyFilter')[0], 'error HDL0002');
});

test('a misspelt kind, and a kind in the wrong group or version, are told the right one', () => {
  assert.match(judge('networking.istio.io/v1', 'Gatway')[1]!, /did you mean Gateway\?/);
  assert.match(judge('security.istio.io/v1', 'Sidecar')[1]!, /expected networking\.istio\.io\/v1, /);
  assert.match(judge('telemetry.istio.io/v1beta1', 'Telemetry')[1]!, /expected telemetry\.istio\.io\/v1, /);
});

test('what belongs to Kubernetes is let be, also where Istio has a kind of that name', () => {
  assert.equal(judge('apps/v1', 'Deployment')[0], 'info HDL0003');
  assert.equal(judge('gateway.networking.k8s.io/v1', 'Gateway')[0], 'info HDL0003');
});
