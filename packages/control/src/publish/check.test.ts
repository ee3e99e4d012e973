import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from 'heddle/policy';
import { ChangeAnalyzer, checkDocuments } from './check.js';

function route(name: string, version: string, host = 'a.example'): Resource {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'default', resourceVersion: version },
    spec: { hosts: [host], http: [{ redirect: { uri: '/' } }] },
  };
}

const text = ({ apiVersion, kind, metadata, spec }: Resource) =>
  JSON.stringify({ apiVersion, kind, metadata: { name: metadata.name }, spec });

test('a change is analyzed beside the newest of what is stored, whatever was stored before', () => {
  const analyzer = new ChangeAnalyzer();
  const change = route('new', '0');
  const files = [{ file: 'c.yaml', text: text(change) }];
  const codes = (stored: readonly Resource[]) =>
    analyzer.analyze(files, [change], { stored }).map(({ code, file }) => `${code} ${file}`);
  assert.deepEqual(codes([]), []);
  assert.deepEqual(codes([route('old', '1')]), ['IST0109 c.yaml']);
  assert.deepEqual(codes([route('old', '1')]), ['IST0109 c.yaml'], 'a copy of the same version');
  assert.deepEqual(codes([route('old', '2', 'b.example')]), []);
  assert.deepEqual(codes([route('new', '3')]), [], 'what it replaces does not speak');
});

test('a resource that occurs twice is not applied', () => {
  const twice = text(route('a', '0'));
  const checked = checkDocuments([{ file: 'c.yaml', text: `${twice}\n---\n${twice}` }]);
  assert.ok(!checked.ok);
  assert.deepEqual(
    checked.messages.map(({ code, line }) => [code, line]),
    [['HDL0004', 3]],
  );
});
