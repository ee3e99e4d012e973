import { type Notes, yes } from '../note.js';

export const peerAuthenticationNotes: Notes = {
  selector: yes('of workloads in its own namespace'),
  'mtls.mode': yes('PERMISSIVE unless said otherwise; workload over namespace over mesh (`istio-system`)'),
  portLevelMtls: yes('by the port that the workload listens on'),
};
