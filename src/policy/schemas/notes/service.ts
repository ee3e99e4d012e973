import { type Notes, partly, yes } from '../note.js';

export const serviceNotes: Notes = {
  'ports[]': yes(
    'name, number and protocol (by `appProtocol`, else by the prefix of the name) of an HTTP service',
  ),
  'ports[].protocol': partly('UDP and SCTP ports are left out'),
  'ports[].targetPort': partly('numbers; endpoints that register bring their own port'),
};
