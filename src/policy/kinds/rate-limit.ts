/**
 * RateLimit (`heddle.dev/v1`): how many requests a process takes, or makes to a host, in a time. Each process counts for itself.
 * @source Envoy `local_rate_limit`
 */
import { z } from 'zod';
import { checkDuration, duration, isToken, strings, uint } from './common.js';
import type { FieldPath, Findings, KindDefinition } from './kind.js';
import { checkRequestMatch, requestMatch } from './rate-limit-match.js';
import { attachment, checkAttachment, checkBetween } from './resilience-policy-attachment.js';

const limit = z.strictObject({
  /** Default: its place, e.g. `limit-0`. */
  name: z.string().optional(),
  /** Default: every request. */
  match: requestMatch.optional(),
  /** `principal`, `remoteIp` or `header:NAME`: each value has a bucket of its own. Default: one bucket for all. */
  by: strings.optional(),
  requests: uint,
  per: duration,
  /** Default: `requests`. */
  burst: uint.optional(),
  /** Calls of gRPC over it are answered with RESOURCE_EXHAUSTED. Default: UNAVAILABLE. */
  rateLimitedAsResourceExhausted: z.boolean().optional(),
});
export type LimitSpec = z.infer<typeof limit>;

const schema = z.strictObject({ ...attachment, limits: z.array(limit) });

export type RateLimitSpec = z.infer<typeof schema>;

const MOST = 4_294_967_295;
const MOST_LIMITS = 100;

export const rateLimit: KindDefinition<RateLimitSpec> = {
  kind: 'RateLimit',
  group: 'heddle.dev',
  versions: ['v1'],
  schema,
  check(spec, findings, metadata) {
    const direction = checkAttachment(spec, metadata.namespace, findings);
    checkBetween(spec.limits.length, [1, MOST_LIMITS], ['spec', 'limits'], findings);
    const names = new Set<string>();
    for (const [index, one] of spec.limits.entries()) {
      const path = ['spec', 'limits', index];
      if (one.name === '') findings.error([...path, 'name'], 'the name is empty');
      const name = limitName(one, index);
      if (names.has(name)) findings.error([...path, 'name'], `'${name}' is taken by an earlier limit`);
      names.add(name);
      checkLimit(one, path, findings);
      checkKeys(one, path, direction === 'out', findings);
    }
  },
};

export function limitName({ name }: LimitSpec, index: number): string {
  return name ?? `limit-${index}`;
}

function checkLimit(one: LimitSpec, path: FieldPath, findings: Findings): void {
  checkRequestMatch(one.match, [...path, 'match'], findings);
  checkBetween(one.requests, [1, MOST], [...path, 'requests'], findings);
  checkBetween(one.burst, [1, MOST], [...path, 'burst'], findings);
  checkDuration(one.per, [...path, 'per'], findings);
}

/** @param out whether it limits our own calls: those have no peer to tell them apart by */
function checkKeys(one: LimitSpec, path: FieldPath, out: boolean, findings: Findings): void {
  if (out && one.match?.principals !== undefined)
    findings.error(
      [...path, 'match', 'principals'],
      'calls out are all our own; they cannot be told apart by principal',
    );
  if (one.by?.length === 0)
    findings.error([...path, 'by'], 'an empty list; leave it out for one bucket that all share');
  const seen = new Set<string>();
  for (const [index, key] of (one.by ?? []).entries()) {
    const at = [...path, 'by', index];
    if (seen.has(key.toLowerCase())) findings.error(at, `'${key}' is listed twice`);
    seen.add(key.toLowerCase());
    if (key === 'principal' || key === 'remoteIp') {
      if (out)
        findings.error(at, `calls out are all our own; '${key}' is for calls in: expected header:NAME`);
    } else if (!(key.startsWith('header:') && isToken(key.slice('header:'.length))))
      findings.error(at, `'${key}' is not a key: expected principal, remoteIp or header:NAME`);
  }
}
