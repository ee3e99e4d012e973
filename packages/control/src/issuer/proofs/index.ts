/** All proofs that this service takes, in the order in which they are asked. */
import type { Clock, DenyList } from 'heddle/ports';
import type { Log } from '../../log.js';
import type { Tokens } from '../tokens.js';
import { currentSvidProof } from './current-svid.js';
import { joinTokenProof } from './join-token.js';
import { type KubernetesSettings, kubernetesOptions } from './kubernetes-settings.js';
import { kubernetesTokenProof } from './kubernetes-token.js';
import type { Proof } from './proof.js';

export { Attempts } from './attempts.js';
export { type KubernetesSettings, kubernetesOptions } from './kubernetes-settings.js';
export type { Credentials, Proof, Proven } from './proof.js';

export interface ProofsOptions {
  readonly tokens: Tokens;
  readonly trustDomain: string;
  /** null: no cluster. */
  readonly kubernetes: KubernetesSettings | null;
  readonly clock: Clock;
  readonly denied: () => DenyList | undefined;
  readonly log: Log;
}

export interface Proofs {
  readonly all: readonly Proof[];
  close(): void;
}

/** @throws MeshError `HEDDLE_INVALID_SETTING` */
export function proofsOf(options: ProofsOptions): Proofs {
  const kubernetes =
    options.kubernetes === null
      ? null
      : kubernetesTokenProof({ ...options, ...kubernetesOptions(options.kubernetes) });
  const others = [joinTokenProof(options), currentSvidProof(options)];
  return {
    all: kubernetes === null ? others : [...others, kubernetes],
    close: () => kubernetes?.close(),
  };
}
