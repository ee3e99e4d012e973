/**
 * The active health check of a ResiliencePolicy.
 * @source Envoy `health_check.proto`; spec resilience.md §8.1
 */
import { z } from 'zod';
import { checkDuration, checkPercent, checkPort, duration, isToken, uint } from './common.js';
import { parseDuration } from './duration.js';
import type { FieldPath, Findings } from './kind.js';
import { checkBetween } from './resilience-policy-attachment.js';

const http = z.strictObject({
  path: z.string(),
  method: z.enum(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE']).optional(),
  expectedStatuses: z.array(z.strictObject({ start: z.int(), end: z.int().optional() })).optional(),
  headers: z.record(z.string(), z.string()).optional(),
});

export const healthCheck = z.strictObject({
  http: http.optional(),
  tcp: z.strictObject({}).optional(),
  grpc: z.strictObject({ service: z.string().optional() }).optional(),
  interval: duration.optional(),
  timeout: duration.optional(),
  unhealthyThreshold: uint.optional(),
  healthyThreshold: uint.optional(),
  noTrafficInterval: duration.optional(),
  unhealthyInterval: duration.optional(),
  jitterPercent: z.number().optional(),
  port: z.int().optional(),
});

export type HealthCheckSpec = z.infer<typeof healthCheck>;

const KINDS = ['http', 'tcp', 'grpc'] as const;
const INTERVALS = ['interval', 'noTrafficInterval', 'unhealthyInterval'] as const;
/** More often, checks are a load of their own. */
const SHORTEST_INTERVAL_MS = 10;
const MOST_IN_A_ROW = 1_000;
const LONGEST_TEXT = 2_048;

export function checkHealthCheck(spec: HealthCheckSpec | undefined, findings: Findings): void {
  if (spec === undefined) return;
  const path = ['spec', 'healthCheck'];
  const kinds = KINDS.filter((kind) => spec[kind] !== undefined);
  if (kinds.length === 0) findings.error(path, `nothing is asked: set one of ${KINDS.join(', ')}`);
  else if (kinds.length > 1) findings.error(path, `${kinds.join(', ')} exclude each other; keep one`);
  checkHttp(spec.http, [...path, 'http'], findings);
  if ((spec.grpc?.service?.length ?? 0) > LONGEST_TEXT)
    findings.error([...path, 'grpc', 'service'], `it is longer than ${LONGEST_TEXT} characters`);
  checkDuration(spec.timeout, [...path, 'timeout'], findings);
  for (const field of INTERVALS) {
    checkDuration(spec[field], [...path, field], findings);
    const ms = parseDuration(spec[field] ?? '');
    if (ms !== null && ms >= 1 && ms < SHORTEST_INTERVAL_MS)
      findings.error([...path, field], `'${spec[field]}' is shorter than ${SHORTEST_INTERVAL_MS}ms`);
  }
  for (const field of ['unhealthyThreshold', 'healthyThreshold'] as const)
    checkBetween(spec[field], [1, MOST_IN_A_ROW], [...path, field], findings);
  checkPercent(spec.jitterPercent, [...path, 'jitterPercent'], findings);
  checkPort(spec.port, [...path, 'port'], findings);
}

function checkHttp(spec: HealthCheckSpec['http'], path: FieldPath, findings: Findings): void {
  if (spec === undefined) return;
  const fault = pathFault(spec.path);
  if (fault !== null)
    findings.error([...path, 'path'], `'${spec.path.slice(0, 100)}' is not a path: ${fault}`);
  if (spec.expectedStatuses?.length === 0)
    findings.error([...path, 'expectedStatuses'], 'an empty list expects nothing; leave it out for 200');
  for (const [index, { start, end }] of (spec.expectedStatuses ?? []).entries()) {
    const at = [...path, 'expectedStatuses', index];
    checkBetween(start, [100, 599], [...at, 'start'], findings);
    checkBetween(end, [100, 600], [...at, 'end'], findings);
    if (end !== undefined && end <= start)
      findings.error(
        [...at, 'end'],
        `no status is from ${start} up to, and without, ${end}: write the number after the last one`,
      );
  }
  for (const [name, value] of Object.entries(spec.headers ?? {})) {
    const at = [...path, 'headers', name];
    if (!isToken(name)) findings.error(at, `no HTTP message can carry a header named '${name}'`);
    else if (OWN.has(name.toLowerCase()))
      findings.error(at, `'${name}' is written by HTTP itself; take it out`);
    if (CONTROLS.test(value)) findings.error(at, 'the value is not allowed: it holds a control character');
  }
}

function pathFault(path: string): string | null {
  if (!path.startsWith('/')) return "it begins with '/'";
  if (path.length > LONGEST_TEXT) return `it is longer than ${LONGEST_TEXT} characters`;
  if (path.includes('#')) return "what follows '#' is never sent";
  return /^[\x21-\x7e]*$/.test(path) ? null : 'spaces and characters beyond ASCII are written as %XX';
}

/** Of one connection, or of the body that a check has not. */
const OWN = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** All but the tab; and what no header carries. */
const CONTROLS = /[^\t\x20-\x7e\x80-\xff]/;
