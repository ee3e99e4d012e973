import { type Notes, partly, yes } from '../note.js';

/** `tls` and `tcp` of a VirtualService. */
export const connectionRouteNotes: Notes = {
  'tls[]': yes('for TLS that is passed on as it is: connections of `mesh.connect` with `sni`'),
  'tls[].match[].sniHosts': yes('names that the client asks for; each is one of `hosts` or within it'),
  'tls[].match[].destinationSubnets': yes(
    'addresses that are called: the one that was named, or `destinationIp`',
  ),
  'tls[].match[].port': yes('that is called'),
  'tls[].match[].sourceLabels': yes('all of them on the caller'),
  'tls[].match[].sourceNamespace': yes('of the caller'),
  'tls[].match[].gateways': yes('as `gateways` above'),
  'tls[].route[]': yes('where connections go; several share them by weight'),
  'tls[].route[].weight': yes('shares of the sum'),
  'tcp[]': yes('for connections of `mesh.connect`'),
  'tcp[].match[].destinationSubnets': yes(
    'addresses that are called: the one that was named, or `destinationIp`',
  ),
  'tcp[].match[].port': yes('that is called'),
  'tcp[].match[].sourceLabels': yes('all of them on the caller'),
  'tcp[].match[].sourceNamespace': yes('of the caller'),
  'tcp[].match[].gateways': yes('as `gateways` above'),
  'tcp[].match[].sourceSubnet': partly('told as HDL0006, without effect, as in Istio'),
};
