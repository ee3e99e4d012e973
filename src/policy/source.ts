/**
 * Where a workload's policy comes from: a folder, a URL or the config service. Whatever it is, it fails static: once there is a policy
 * it stays until a better one comes, and the status says what is wrong meanwhile.
 */
import type { Source } from '../base/source.js';
import type { ListenerRegistration } from '../ports/control-protocol.js';
import type { EffectivePolicy } from './effective.js';
import type { Message } from './resource.js';

/** What the workload made of a revision. */
export type PolicyVerdict =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly because: readonly string[] };

/** A revision that was not put in force, and all that is wrong with it. */
export interface RefusedPolicy {
  readonly revision: number;
  readonly messages: readonly Message[];
}

export interface PolicySourceStatus {
  readonly kind: 'control' | 'file' | 'url';
  /** The path or URL, without credentials. */
  readonly location: string;
  /** Whether the source can be read now. */
  readonly connected: boolean;
  /** Of the policy that the source offers now; 0: none yet. */
  readonly revision: number;
  /** What went wrong last; null while all is well. */
  readonly lastError: string | null;
  /** The newest revision, while it is refused and an older one stays in force. */
  readonly refused: RefusedPolicy | null;
  /** Since when the policy may be out of date, in milliseconds since the epoch; null while it is current. */
  readonly staleSince: number | null;
  /** Whether the policy was read from disk because the config service did not answer. */
  readonly fromLastGood: boolean;
}

export interface PolicySource {
  /** null until there is a first policy; never null again after that. */
  readonly policy: Source<EffectivePolicy | null>;
  readonly status: Source<PolicySourceStatus>;
  /** Tells the source what the workload made of a revision. Call it once for each policy that was offered. */
  report(revision: number, verdict: PolicyVerdict): void;
  /** Makes the ports that this workload serves known to others; they replace those of the last call. Files and URLs ignore it. */
  register(listeners: readonly ListenerRegistration[]): void;
  /**
   * Resolves when there is a policy.
   * @throws MeshError `HEDDLE_JOIN_FAILED` that says what was missing, when `signal` aborts first, or at once if no
   * waiting can mend it; `HEDDLE_INVALID_POLICY` if the first policy is refused for good; `HEDDLE_CLOSED` if closed meanwhile
   */
  ready(signal: AbortSignal): Promise<void>;
  /** Stops reading and lets go of files, timers and connections. The last policy stays readable. */
  close(): Promise<void>;
}

/** A finding that has no place in a file, e.g. about what came over the wire. */
export function plainMessage(text: string, file = ''): Message {
  return {
    code: 'HEDDLE_INVALID_POLICY',
    level: 'error',
    kind: '',
    namespace: '',
    name: '',
    message: text,
    file,
    line: 0,
    column: 0,
    path: '',
  };
}

/** `file:line:column path message`, leaving out what is not known. */
export function formatMessage(message: Message): string {
  const place = message.line > 0 ? `${message.file}:${message.line}:${message.column}` : message.file;
  return [place, message.path, message.message].filter((part) => part !== '').join(' ');
}
