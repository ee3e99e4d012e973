/**
 * Access log: one line for each exchange. Off unless somebody asks for it; then nothing of a line is made.
 */
import type { Clock } from '../../base/clock.js';
import type { Exchange } from '../../model/exchange.js';
import { jsonLine, textLine } from './format.js';

export {
  type AccessLogFields,
  fieldsOf,
  type HeddleFields,
  heddleFieldsOf,
  jsonLine,
  textLine,
} from './format.js';
export { redactPath } from './redact.js';

export interface AccessLogOptions {
  /** @default 'TEXT' (Istio's `accessLogEncoding`) */
  readonly encoding?: 'TEXT' | 'JSON';
  readonly clock: Clock;
  /** Takes one line, without its end. */
  readonly write: (line: string) => void;
}

/** A function that writes the line of an exchange which has just ended. It does not throw: a log that is full is no fault of a caller. */
export function accessLog(options: AccessLogOptions): (exchange: Exchange) => void {
  const { clock, write } = options;
  const line = options.encoding === 'JSON' ? jsonLine : textLine;
  return (exchange) => {
    try {
      write(line(exchange, clock.now()));
    } catch {
      // Nobody is left to be told: the exchange is over, and this was the log.
    }
  };
}

export const noAccessLog: (exchange: Exchange) => void = () => {};
