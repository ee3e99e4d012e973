/** What the service says about itself: one JSON object a line. Never a secret: tokens appear by their ID only. */
import type { Clock } from 'heddle/ports';

export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export interface LogRecord {
  readonly level: 'info' | 'warn' | 'error';
  /** A fixed name in lower case: `policy.applied`. */
  readonly event: string;
  readonly fields: LogFields;
}

/** Where the records go. */
export type Log = (record: LogRecord) => void;

/** One JSON line a record, with the time, to `write`. */
export function jsonLog(clock: Clock, write: (line: string) => void): Log {
  return ({ level, event, fields }) => {
    const time = new Date(clock.wallNow()).toISOString();
    write(`${JSON.stringify({ time, level, event, ...fields })}\n`);
  };
}

/** What went wrong, for a log line: the message, not the stack. */
export function because(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
