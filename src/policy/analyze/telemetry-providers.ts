/**
 * IST0157: access logs that name no provider. Istio ignores the entry where the mesh has no default provider; Heddle always has one, the
 * program's own log. Documents are often meant for both.
 * @source Istio `pkg/config/analysis/analyzers/telemetry/providers.go`
 */
import type { Analyzer } from './world.js';

export const telemetryProviders: Analyzer = ({ telemetries }, report) => {
  for (const subject of telemetries.asked)
    for (const [index, { disabled, providers }] of (subject.spec.accessLogging ?? []).entries())
      if (disabled !== true && !providers?.length)
        report(subject, {
          code: 'IST0157',
          level: 'warning',
          path: ['spec', 'accessLogging', index],
          message:
            "no provider is named: Heddle writes to the program's own log, Istio ignores this where the mesh has no default provider; name one in 'providers'",
        });
};
