/**
 * Active health checks of a cluster: what is asked of each endpoint, how often, and how many answers in a row decide. Only
 * `heddle.dev/v1` ResiliencePolicy asks for them. Times in milliseconds.
 * @source Envoy `health_check.proto`; spec resilience.md §8.1
 */
export type HealthCheckPolicy = HealthProbe & {
  /** Between two checks of an endpoint that takes calls. @default 10 000 */
  readonly intervalMs: number;
  /** An answer that takes longer is a failure. @default 1 000 */
  readonly timeoutMs: number;
  /** Failures in a row that take an endpoint out. @default 3 */
  readonly unhealthyThreshold: number;
  /** Successes in a row that take it back; the very first check of an endpoint needs one. @default 2 */
  readonly healthyThreshold: number;
  /** Between checks while no call has been made to the cluster. @default 60 000 */
  readonly noTrafficIntervalMs: number;
  /** Between checks of an endpoint that is out. @default intervalMs */
  readonly unhealthyIntervalMs: number;
  /** Of each interval, 0 to 100: so much is added by lot, so that processes do not check together. @default 10 */
  readonly jitterPercent: number;
  /** Absent: the endpoint's own port. */
  readonly port?: number;
};

/** What is asked. */
export type HealthProbe =
  | {
      readonly kind: 'http';
      /** With query. */
      readonly path: string;
      /** @default 'GET' */
      readonly method: string;
      /** Statuses of a healthy endpoint. @default 200 */
      readonly expected: readonly StatusRange[];
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
    }
  /** A connection is enough. */
  | { readonly kind: 'tcp' }
  /** `grpc.health.v1.Health/Check`. */
  | {
      readonly kind: 'grpc';
      /** @default '': the server as a whole */
      readonly service: string;
    };

/** Statuses from `start` on, `end` not included. */
export interface StatusRange {
  readonly start: number;
  readonly end: number;
}

/** A ResiliencePolicy's `healthCheck` in plain words: durations in milliseconds, nothing filled in. */
export interface HealthCheckInput {
  readonly http?:
    | {
        readonly path: string;
        readonly method?: string | undefined;
        readonly expected?: readonly StatusRange[] | undefined;
        readonly headers?: Readonly<Record<string, string>> | undefined;
      }
    | undefined;
  readonly grpc?: { readonly service?: string | undefined } | undefined;
  readonly intervalMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly unhealthyThreshold?: number | undefined;
  readonly healthyThreshold?: number | undefined;
  readonly noTrafficIntervalMs?: number | undefined;
  readonly unhealthyIntervalMs?: number | undefined;
  readonly jitterPercent?: number | undefined;
  readonly port?: number | undefined;
}

/**
 * Fills in what a ResiliencePolicy leaves open. Neither `http` nor `grpc`: a connection is tried.
 * @example healthCheckFrom({}).kind; // => 'tcp'
 */
export function healthCheckFrom(input: HealthCheckInput): HealthCheckPolicy {
  const intervalMs = input.intervalMs ?? 10_000;
  return {
    ...probeOf(input),
    intervalMs,
    timeoutMs: input.timeoutMs ?? 1_000,
    unhealthyThreshold: input.unhealthyThreshold ?? 3,
    healthyThreshold: input.healthyThreshold ?? 2,
    noTrafficIntervalMs: input.noTrafficIntervalMs ?? 60_000,
    unhealthyIntervalMs: input.unhealthyIntervalMs ?? intervalMs,
    jitterPercent: input.jitterPercent ?? 10,
    ...(input.port !== undefined && { port: input.port }),
  };
}

function probeOf({ http, grpc }: HealthCheckInput): HealthProbe {
  if (http !== undefined)
    return {
      kind: 'http',
      path: http.path,
      method: http.method ?? 'GET',
      expected: http.expected ?? [{ start: 200, end: 201 }],
      headers: Object.fromEntries(
        Object.entries(http.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
      ),
    };
  return grpc === undefined ? { kind: 'tcp' } : { kind: 'grpc', service: grpc.service ?? '' };
}

/** The words of explain. */
export function describeHealthCheck(policy: HealthCheckPolicy): string {
  const { intervalMs, unhealthyThreshold, healthyThreshold } = policy;
  return (
    `health checks: ${asked(policy)} every ${intervalMs} ms; an endpoint is out after ${unhealthyThreshold} failures in a row, ` +
    `back after ${healthyThreshold} successes`
  );
}

function asked(probe: HealthProbe): string {
  if (probe.kind === 'http') return `${probe.method} ${probe.path}`;
  if (probe.kind === 'tcp') return 'a connection';
  return `gRPC health of ${probe.service === '' ? 'the server' : probe.service}`;
}
