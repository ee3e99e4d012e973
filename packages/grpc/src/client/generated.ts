/** Metadata that credentials of calls generate, and what becomes of calls where they cannot. */
import { type CallCredentials, type Metadata, status } from '@grpc/grpc-js';
import type { Clock, HeaderFields } from 'heddle/ports';
import { fieldsOf } from './metadata.js';
import type { PartialStatus } from './status.js';

type Asked = Parameters<CallCredentials['generateMetadata']>[0];

/** What a generator is told of the call. @param host as the call names it, or the channel */
export function askedFor(method: string, host: string): Asked {
  const service = method.slice(0, method.lastIndexOf('/'));
  return { method_name: method, service_url: `https://${host.replace(/:443$/, '')}${service}` };
}

/**
 * Has metadata generated.
 * @param limit milliseconds that the call has left; Infinity for no limit
 * @param done told in time, and again of what comes too late
 */
export function generate(
  credentials: CallCredentials,
  asked: Asked,
  limit: { readonly clock: Clock; readonly leftMs: number },
  done: (failed: PartialStatus | null, generated?: Metadata) => void,
): void {
  const { clock, leftMs } = limit;
  const tooLate = () => done({ code: status.DEADLINE_EXCEEDED, details: LATE });
  const timer = leftMs === Number.POSITIVE_INFINITY ? null : clock.after(Math.max(0, leftMs), tooLate);
  credentials.generateMetadata(asked).then(
    (generated) => {
      timer?.cancel();
      done(null, generated);
    },
    (error: unknown) => {
      timer?.cancel();
      done(notGenerated(error));
    },
  );
}

const LATE = 'Deadline exceeded while metadata was generated';

/** Adds what was generated. @returns null, or why the call may not go out */
export function addGenerated(fields: HeaderFields, generated: Metadata | undefined): PartialStatus | null {
  const added = generated === undefined ? {} : fieldsOf(generated);
  for (const name of Object.keys(added)) {
    const present = fields[name];
    fields[name] = present === undefined ? added[name]! : [present, added[name]!].flat();
  }
  if (!Array.isArray(fields.authorization)) return null;
  return { code: status.INTERNAL, details: '"authorization" metadata cannot have multiple values' };
}

/** The status of a call whose metadata could not be generated. */
function notGenerated(error: unknown): PartialStatus {
  const { code, message } = error as { code?: unknown; message?: string };
  const details = `Getting metadata from plugin failed with error: ${message ?? String(error)}`;
  const known = typeof code === 'number' ? code : status.UNKNOWN;
  if (!NOT_OF_A_PLUGIN.has(known)) return { code: known, details };
  return {
    code: status.INTERNAL,
    details: `Invalid status from control plane: ${known} ${status[known]} ${details}`,
  };
}

/** What a generator of metadata has no right to say. @source gRPC A54 */
const NOT_OF_A_PLUGIN: ReadonlySet<number> = new Set([
  status.OK,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.DATA_LOSS,
]);
