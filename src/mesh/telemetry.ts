/** What a mesh observes of itself: telemetry and the access log, with the policy that both follow. */
import { hostname } from 'node:os';
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import type { Exchange } from '../model/exchange.js';
import { accessLog, callLog } from '../observability/access-log/index.js';
import { openTelemetry, TelemetryPolicies } from '../observability/index.js';
import type { Telemetry } from '../ports/telemetry.js';
import type { Settings } from '../settings.js';
import { HeaderFormat } from '../traffic/headers/format.js';

export interface ObservedParts {
  readonly clock: Clock;
  readonly random: Random;
  /** The exchange being served where this is asked. */
  readonly ambient: () => Exchange | undefined;
  /** Our own SPIFFE ID, once there is a certificate. */
  readonly principal: () => string | undefined;
  /** A variable of the process. */
  readonly environment: (name: string) => string | undefined;
}

export interface Observed {
  /** To be swapped with the rest of policy. */
  readonly policies: TelemetryPolicies;
  readonly telemetry: Telemetry;
  /** Takes an exchange that is over. */
  readonly accessLog: (exchange: Exchange) => void;
}

export function observe(settings: Settings, parts: ObservedParts): Observed {
  const { workload } = settings;
  const { environment, ...others } = parts;
  const policies = new TelemetryPolicies({
    workload,
    environment,
    format: (text) => {
      const format = new HeaderFormat(text);
      return (facts, response) => format.format(facts, response);
    },
  });
  const lines = {
    encoding: settings.accessLog === 'json' ? ('JSON' as const) : ('TEXT' as const),
    write: (line: string) => void process.stdout.write(`${line}\n`),
  };
  return {
    policies,
    telemetry: openTelemetry({
      ...others,
      workload,
      policy: policies,
      logCall: callLog(lines),
      hostname: hostname(),
    }),
    accessLog: accessLog({
      ...lines,
      clock: parts.clock,
      on: settings.accessLog !== 'off',
      policy: policies,
    }),
  };
}
