/** The words of `explain outbound` about what a rule changes: the path, the authority, headers, and what browsers are told. */
import type { HeaderFields } from '../base/headers.js';
import type { HeaderOperations } from '../traffic/headers/policy.js';
import { type CompiledRoute, decideCors } from '../traffic/route/index.js';
import type { ExplainedRequest } from './explain-outbound-answer.js';
import { summariseHeaders } from './explain-steps.js';

/** @param after as it goes to the wire; the same object if nothing was decided */
export function changeSteps(before: ExplainedRequest, after: ExplainedRequest): string[] {
  const steps: string[] = [];
  if (after.path !== before.path)
    steps.push(`the path ${JSON.stringify(before.path)} becomes ${JSON.stringify(after.path)}`);
  if (after.authority !== before.authority)
    steps.push(
      `the authority ${JSON.stringify(before.authority)} becomes ${JSON.stringify(after.authority)}`,
    );
  return steps;
}

/** Names only: values may be nobody's business. */
export function headerSteps(
  whose: 'request' | 'response',
  steps: Parameters<typeof summariseHeaders>[0],
): string[] {
  if (steps.length === 0) return [];
  const { set, add, remove }: Required<HeaderOperations> = summariseHeaders(steps);
  const parts = [
    ['removed', remove],
    ['set', Object.keys(set)],
    ['added', Object.keys(add)],
  ] as const;
  const words = parts
    .filter(([, names]) => names.length > 0)
    .map(([verb, names]) => `${verb} ${names.join(', ')}`);
  return [`headers of the ${whose}: ${words.join('; ')}`];
}

export function corsSteps(route: CompiledRoute, method: string, headers: HeaderFields): string[] {
  if (route.cors === null || headers.origin === undefined) return [];
  const verdict = decideCors(route.cors, method, headers);
  if (verdict === null)
    return [
      'CORS: the origin is not allowed; the call goes on, and the browser keeps the response to itself',
    ];
  if (verdict.kind === 'actual') return ['CORS: the origin is allowed, and the response will say so'];
  const allowed = 'access-control-allow-origin' in verdict.headers;
  return [
    `CORS: a preflight, answered with 200 by the mesh itself${allowed ? '' : ' without leave'}; the service is not asked`,
  ];
}
