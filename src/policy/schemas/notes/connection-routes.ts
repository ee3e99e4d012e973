import { type Notes, partly } from '../note.js';

const CONNECTION =
  'decided, explained and analyzed; a process itself makes HTTP calls, and forwards no other connections yet';

/** `tls` and `tcp` of a VirtualService. */
export const connectionRouteNotes: Notes = {
  'tls[]': partly(`for TLS that is passed on as it is: ${CONNECTION}`),
  'tls[].match[].sniHosts': partly('names that the client asks for; each is one of `hosts` or within it'),
  'tls[].match[].destinationSubnets': partly('addresses that are called'),
  'tls[].match[].port': partly('that is called'),
  'tls[].match[].sourceLabels': partly('all of them on the caller'),
  'tls[].match[].sourceNamespace': partly('of the caller'),
  'tls[].match[].gateways': partly('as `gateways` above'),
  'tls[].route[]': partly('where connections go; several share them by weight'),
  'tls[].route[].weight': partly('shares of the sum'),
  'tcp[]': partly(`for connections that are not HTTP: ${CONNECTION}`),
  'tcp[].match[].destinationSubnets': partly('addresses that are called'),
  'tcp[].match[].port': partly('that is called'),
  'tcp[].match[].sourceLabels': partly('all of them on the caller'),
  'tcp[].match[].sourceNamespace': partly('of the caller'),
  'tcp[].match[].gateways': partly('as `gateways` above'),
  'tcp[].match[].sourceSubnet': partly('told as HDL0006, without effect, as in Istio'),
};
