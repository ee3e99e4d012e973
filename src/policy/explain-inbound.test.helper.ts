/** Tables of exchanges: a row is policy, what is special about the exchange, and the answer, whose shape is that of the contract. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import {
  type ExplainInboundOptions,
  explainInbound,
  type InboundExplanation,
  type InboundQuestion,
} from './explain-inbound.js';

const contract = z.strictObject({
  decision: z.enum(['allow', 'deny']),
  status: z.union([z.literal(200), z.literal(401), z.literal(403)]),
  policy: z
    .string()
    .regex(/^[^/]+\/[^/]+$/)
    .nullable(),
  rule: z.int().min(0).nullable(),
  audited: z.array(z.string()),
  steps: z.array(z.string()).min(1),
});

const EXCHANGE: InboundQuestion = {
  workload: { namespace: 'foo', labels: { app: 'httpbin', version: 'v1' }, service: 'httpbin' },
  port: 8000,
  peer: { principal: 'cluster.local/ns/default/sa/curl', ip: '10.0.0.1' },
  method: 'GET',
  authority: 'httpbin.foo:8000',
  path: '/info',
  headers: {},
  claims: null,
};
export const policy = (kind: string, name: string, spec: string, namespace = 'foo') =>
  `---\napiVersion: security.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
export const authorize = (name: string, spec: string, namespace?: string) =>
  policy('AuthorizationPolicy', name, spec, namespace);
export const from = (principal: string | null, ip = '10.0.0.1') => ({ peer: { principal, ip } });

/** Some step must be like `step`. */
export function row(
  what: string,
  text: string,
  exchange: Partial<InboundQuestion>,
  expected: Omit<InboundExplanation, 'steps'>,
  { step, ...options }: ExplainInboundOptions & { readonly step?: RegExp } = {},
): void {
  test(what, () => {
    const answer = explainInbound([{ file: 'p.yaml', text }], { ...EXCHANGE, ...exchange }, options);
    const { error } = contract.safeParse(JSON.parse(JSON.stringify(answer)));
    assert.equal(error, undefined, error && z.prettifyError(error));
    const { steps, ...verdict } = answer;
    assert.deepEqual(verdict, expected, steps.join('\n'));
    if (step !== undefined) assert.match(steps.join('\n'), step);
  });
}

export const allowed = (name: string | null, rule: number | null = name === null ? null : 0) =>
  ({ decision: 'allow', status: 200, policy: name, rule, audited: [] }) as const;
export const denied = (name: string | null, rule: number | null = name === null ? null : 0) =>
  ({ decision: 'deny', status: 403, policy: name, rule, audited: [] }) as const;
