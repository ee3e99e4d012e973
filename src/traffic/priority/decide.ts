/** The priority of a request. Pure. */
import {
  compileRequestMatch,
  pathOnly,
  type RequestFacts,
  type RequestTest,
} from '../../model/request-match.js';
import { type Priority, type PriorityRule, SHARE_RATIO } from './policy.js';

export interface CompiledPriority {
  readonly priority: Priority;
  readonly test: RequestTest;
}

export function compilePriorities(
  rules: readonly PriorityRule[] | undefined,
): readonly CompiledPriority[] | null {
  if (rules === undefined || rules.length === 0) return null;
  return rules.map(({ priority, match }) => ({ priority, test: compileRequestMatch(match) }));
}

/**
 * The first rule that matches decides; `default` where none does. Without any rule all are `critical`: they share the whole limit.
 * Whoever asks whether the process is well gets an answer whatever else it has to do: else a busy process is killed for being busy.
 */
export function decidePriority(rules: readonly CompiledPriority[] | null, facts: RequestFacts): Priority {
  if (isHealthCheck(facts)) return 'exempt';
  if (rules === null) return 'critical';
  for (const { priority, test } of rules) if (test(facts)) return priority;
  return 'default';
}

/** Requests that may be under way at once for one more of this priority to be let in; at least one. */
export function admittedBelow(priority: Exclude<Priority, 'exempt'>, limit: number): number {
  return Math.max(1, Math.floor(limit * SHARE_RATIO[priority]));
}

/** Paths that probes use. @source Kubernetes API server conventions; gRPC health checking protocol */
const HEALTH_PATHS: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz']);
const GRPC_HEALTH = '/grpc.health.v1.Health/';

export function isHealthCheck({ method, path }: RequestFacts): boolean {
  if (method === 'POST') return path.startsWith(GRPC_HEALTH);
  return (method === 'GET' || method === 'HEAD') && HEALTH_PATHS.has(pathOnly(path));
}
