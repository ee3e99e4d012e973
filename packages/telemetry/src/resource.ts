import type { Attributes } from '@opentelemetry/api';

/** What `startTelemetry` reads of the environment, besides OpenTelemetry's own variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface ResourceFacts {
  readonly serviceName?: string | undefined;
  readonly namespace?: string | undefined;
}

/**
 * Who this process is, in OpenTelemetry's words, from the same variables that `join` reads. `OTEL_SERVICE_NAME` and
 * `OTEL_RESOURCE_ATTRIBUTES` win over these; options win over both. The command line is left out: tokens are passed there.
 */
export function resourceAttributes(facts: ResourceFacts, environment: Environment, pid: number): Attributes {
  const service = facts.serviceName ?? present(environment.HEDDLE_SERVICE);
  const instance = present(environment.HEDDLE_WORKLOAD);
  const version = labelOf(environment.HEDDLE_LABELS, 'version');
  return {
    ...(service === undefined ? {} : { 'service.name': service }),
    'service.namespace': facts.namespace ?? present(environment.HEDDLE_NAMESPACE) ?? 'default',
    ...(instance === undefined ? {} : { 'service.instance.id': instance }),
    ...(version === undefined ? {} : { 'service.version': version }),
    'process.pid': pid,
  };
}

function present(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === '' ? undefined : text;
}

/** `key=value,key=value`, as `HEDDLE_LABELS` is written. */
function labelOf(labels: string | undefined, key: string): string | undefined {
  for (const pair of labels?.split(',') ?? []) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === key) return present(pair.slice(equals + 1));
  }
  return undefined;
}
