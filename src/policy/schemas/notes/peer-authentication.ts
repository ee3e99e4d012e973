import { type Notes, yes } from '../note.js';

export const peerAuthenticationNotes: Notes = {
  selector: yes('of workloads in its own namespace'),
  'selector.matchLabels': yes('all of them on the workload'),
  mtls: yes('for all ports'),
  'mtls.mode': yes('workload over namespace over mesh (`istio-system`)', { default: 'PERMISSIVE' }),
  portLevelMtls: yes('by the port that the workload listens on'),
  'portLevelMtls.*.mode': yes('over `mtls.mode`, for this port'),
};
