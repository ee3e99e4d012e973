import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResources } from '../parse.js';
import { analyze, analyzeChange, SpecCache } from './index.js';

const route = (name: string, host: string) =>
  `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: ${name} }\nspec: { hosts: [${host}], http: [{ route: [{ destination: { host: ${host}, subset: v1 } }] }] }\n`;
const entry = (host: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: ${host} }\nspec: { hosts: [${host}], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }\n`;
const rule = (host: string) =>
  `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: ${host} }\nspec: { host: ${host}, subsets: [{ name: v1 }] }\n`;

const resources = (...texts: string[]) =>
  parseResources([{ file: 's', text: texts.join('---\n') }]).resources.map(({ resource }) => resource);

test('a change is seen together with what is stored, and only it is told about', () => {
  const stored = resources(
    entry('a.example'),
    rule('a.example'),
    route('old', 'a.example'),
    route('bad', 'nowhere'),
  );
  const files = [{ file: 'c.yaml', text: route('new', 'a.example') }];
  const told = (list: typeof stored) =>
    analyzeChange(files, { stored: list }).messages.map(({ code, file, name }) => [code, file, name]);
  assert.deepEqual(told(stored), [['IST0109', 'c.yaml', 'new']]);
  assert.deepEqual(told([]), [
    ['IST0101', 'c.yaml', 'new'],
    ['IST0101', 'c.yaml', 'new'],
  ]);
});

test('it finds of the change what analysis of everything finds of it, with a cache or without', () => {
  const around = [entry('a.example'), rule('b.example'), route('x', 'a.example'), route('y', '*.example')];
  const cache = new SpecCache();
  const stored = resources(...around);
  for (const changed of [route('z', 'a.example'), rule('a.example'), entry('b.example'), rule('c.example')]) {
    const change = { file: 'c', text: changed };
    const whole = analyze([change, { file: 's', text: around.join('---\n') }]).messages;
    const expected = whole.filter(({ file }) => file === 'c');
    assert.deepEqual(analyzeChange([change], { stored }).messages, expected);
    for (let twice = 0; twice < 2; twice += 1)
      assert.deepEqual(analyzeChange([change], { stored, cache }).messages, expected);
  }
});
