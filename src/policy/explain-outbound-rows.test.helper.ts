/** Rows of the tables of `explain outbound`: policy, call, and what is expected of the answer, which must have the shape of the contract. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { explainOutbound } from './explain-outbound.js';
import { contract } from './outbound-contract.test.helper.js';
import type { OutboundExplanation, OutboundQuestion } from './outbound-question.js';

const SERVICES = ['reviews', 'ratings', 'details']
  .map(
    (name) =>
      `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { ports: [{ port: 9080, name: http }] }\n`,
  )
  .join('---\n');
const SUBSETS = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec: { host: reviews, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }, { name: v3, labels: { version: v3 } }] }
---
`;
/** What every row stands on. */
export const POLICY = SERVICES + SUBSETS;
export const vs = (spec: string, name = 'reviews', namespace = 'default') =>
  `---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
export const to = (subset: string, weight = 1) =>
  `{ destination: { host: reviews, subset: ${subset} }, weight: ${weight} }`;
export const rules = (http: string) => vs(`{ hosts: [reviews], http: [${http}] }`);
export const cluster = (subset: string, name = 'reviews') =>
  `outbound|9080|${subset}|${name}.default.svc.cluster.local`;
export const CALL: OutboundQuestion = {
  source: { namespace: 'default', labels: { app: 'productpage' }, service: 'productpage' },
  method: 'GET',
  scheme: 'http',
  authority: 'reviews:9080',
  path: '/reviews/0',
  headers: {},
};

export function row(
  what: string,
  policy: string,
  call: Partial<OutboundQuestion>,
  expected: Partial<OutboundExplanation>,
): void {
  test(what, () => {
    const answer = explainOutbound([{ file: 'p.yaml', text: POLICY + policy }], {
      ...CALL,
      ...call,
    });
    const { error } = contract.safeParse(JSON.parse(JSON.stringify(answer)));
    assert.equal(error, undefined, error && z.prettifyError(error));
    for (const name of Object.keys(answer.request.headers)) assert.equal(name, name.toLowerCase());
    if (answer.clusters.length > 0)
      assert.ok(Math.abs(answer.clusters.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9);
    if (answer.picked !== null) assert.ok(answer.clusters.some(({ name }) => name === answer.picked));
    for (const [field, value] of Object.entries(expected))
      assert.deepEqual(
        answer[field as keyof OutboundExplanation],
        value,
        `${field}: ${answer.steps.join('\n')}`,
      );
  });
}
