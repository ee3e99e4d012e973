import { type Notes, partly } from '../note.js';

const NO_EFFECT = partly(
  'checked, and told as HDL0006: without effect, since processes register with their services by themselves',
);

export const workloadGroupNotes: Notes = {
  metadata: NO_EFFECT,
  template: NO_EFFECT,
  probe: NO_EFFECT,
  'probe.grpc': partly('an error, as in Istio'),
};
