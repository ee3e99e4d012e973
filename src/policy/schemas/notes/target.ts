import { type Notes, partly } from '../note.js';

/** `targetRef` and `targetRefs`, which several kinds have. */
export const targetNotes: Notes = {
  targetRef: partly('told as HDL0006: for gateways and waypoints, never for a workload'),
  targetRefs: partly('as `targetRef`'),
  'targetRefs[]': partly('as `targetRef`'),
};
