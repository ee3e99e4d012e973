/**
 * Access log: one line for each exchange, and, where policy asks for it, for each call. Off unless somebody asks for it; then nothing of a
 * line is made. What policy says counts more than what the process was started with.
 */
import type { Clock } from '../../base/clock.js';
import type { Exchange } from '../../model/exchange.js';
import { callFacts, exchangeFacts } from '../attributes.js';
import type { EndedCall } from '../ended-call.js';
import type { TelemetryPolicies } from '../in-force.js';
import { callJsonLine, callTextLine } from './call-line.js';
import { type AccessLogRule, wantsLine } from './decide.js';
import { jsonLine, textLine } from './exchange-line.js';

export { callFieldsOf, callJsonLine, callTextLine, type HeddleCallFields } from './call-line.js';
export { fieldsOf, type HeddleFields, heddleFieldsOf, jsonLine, textLine } from './exchange-line.js';
export type { AccessLogFields } from './format.js';
export { redactPath } from './redact.js';

export interface AccessLogOptions {
  /** @default 'TEXT' (Istio's `accessLogEncoding`) */
  readonly encoding?: 'TEXT' | 'JSON';
  readonly clock: Clock;
  /** Takes one line, without its end. */
  readonly write: (line: string) => void;
  /** Are exchanges logged where policy says nothing of it? @default true */
  readonly on?: boolean;
  /** What policy says. @default never anything */
  readonly policy?: TelemetryPolicies;
}

/** A function that writes the line of an exchange which has just ended. It does not throw: a log that is full is no fault of a caller. */
export function accessLog(options: AccessLogOptions): (exchange: Exchange) => void {
  const { clock, write, on = true, policy } = options;
  const line = options.encoding === 'JSON' ? jsonLine : textLine;
  return (exchange) => {
    const rule = policy?.server?.accessLog;
    if (rule === undefined ? !on : !rule.on) return;
    try {
      const now = clock.now();
      if (rule === undefined || wantsLine(rule, () => exchangeFacts(exchange, now - exchange.startedAt)))
        write(line(exchange, now));
    } catch {
      // Nobody is left to be told: the exchange is over, and this was the log.
    }
  };
}

/** The same for calls. They are logged where policy asks for it. */
export function callLog(
  options: Pick<AccessLogOptions, 'encoding' | 'write'>,
): (ended: EndedCall, rule: AccessLogRule) => void {
  const { write } = options;
  const line = options.encoding === 'JSON' ? callJsonLine : callTextLine;
  return (ended, rule) => {
    if (wantsLine(rule, () => callFacts(ended))) write(line(ended));
  };
}
