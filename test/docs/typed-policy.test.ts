/** The TypeScript of docs/guides/test-your-policy.md, run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
// #region policy
import { analyze, destinationRule, service, toYaml, virtualService } from 'heddle/policy';

function canary(host: string, percent: number): string {
  const versions = ['v1', 'v2'];
  return toYaml([
    service({ name: host, ports: [{ name: 'http', port: 9080 }] }),
    virtualService({
      name: host,
      hosts: [host],
      http: [
        {
          route: [
            { destination: { host, subset: 'v1' }, weight: 100 - percent },
            { destination: { host, subset: 'v2' }, weight: percent },
          ],
        },
      ],
    }),
    destinationRule({
      name: host,
      host,
      subsets: versions.map((version) => ({ name: version, labels: { version } })),
    }),
  ]);
}

const text = canary('reviews', 20);
const { valid } = analyze([{ file: 'reviews.yaml', text }]); // => true
// #endregion

test('policy that a program wrote is right', () => {
  assert.ok(valid);
  assert.match(text, /weight: 80\n {8}- destination:/);
});
