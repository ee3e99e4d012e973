import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { Workload } from '../../model/workload.js';
import type { IdentityStatus, OverdueStage } from '../../ports/identity.js';
import type { JoinProofOptions } from './join-proof.js';

/** How a workload reaches the config service, and who it is. */
export interface ControlOptions extends JoinProofOptions {
  /** `https://host:port`; `http://…` for a config service that runs with `--dev`. */
  readonly url: string;
  readonly workload: Workload;
  /** Hosts that this workload calls, FQDNs or short names. @default `['*']`, all that it may see */
  readonly hosts?: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  /** Folder for identity and last accepted policy, for starting while the service is away. @default none */
  readonly stateDir?: string;
  /** Whether peers are shown another identity than the one issued here: then a start from the state folder needs no SVID. @default false */
  readonly identityElsewhere?: boolean;
  /** Told when an SVID is late to be renewed: at half of its life, at three quarters, and at its end. Must not throw. @default none */
  readonly onOverdue?: (stage: OverdueStage, status: IdentityStatus) => void;
  /** One line for each change of what is known about the service. Must not throw. @default none */
  readonly log?: (line: string) => void;
}
