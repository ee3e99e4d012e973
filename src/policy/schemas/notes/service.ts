import { type Notes, partly, yes } from '../note.js';

export const serviceNotes: Notes = {
  'ports[]': yes('of the service'),
  'ports[].port': yes('that is called'),
  'ports[].name': yes('its prefix says the protocol: `http-web`'),
  'ports[].appProtocol': yes('the protocol, over that of the name'),
  'ports[].protocol': partly('UDP and SCTP ports are left out', { default: 'TCP' }),
  'ports[].targetPort': partly('numbers; endpoints that register bring their own port'),
};
