import { type Notes, partly, yes } from '../note.js';

export const serviceNotes: Notes = {
  type: partly('`ExternalName` makes it another name of a service; all other types are the same here'),
  externalName: yes('in full, what it is another name of: a Service, or the host of a ServiceEntry'),
  'ports[]': yes('of the service'),
  'ports[].port': yes('that is called'),
  'ports[].name': yes('its prefix says the protocol: `http-web`'),
  'ports[].appProtocol': yes('the protocol, over that of the name'),
  'ports[].protocol': partly('UDP and SCTP ports are left out', { default: 'TCP' }),
  'ports[].targetPort': partly('numbers; endpoints that register bring their own port'),
};
