import { type Notes, no, partly, yes } from '../note.js';

export const serviceEntryNotes: Notes = {
  hosts: yes('full names, or `*.` names without look-up'),
  addresses: partly('checked; calls are told apart by host'),
  'ports[]': partly('calls are made to HTTP ports; others are known by name only'),
  location: yes('MESH_INTERNAL endpoints can have mesh identity'),
  resolution: partly(
    'NONE, STATIC, DNS, DNS_ROUND_ROBIN: names are looked up when connecting, with NONE that of the host itself; DYNAMIC_DNS is refused',
  ),
  'endpoints[]': yes('beside those that register'),
  'endpoints[].address': partly('IP address or name; `unix://` is refused'),
  'endpoints[].network': partly('accepted, told as HDL0006; there is one network'),
  'endpoints[].locality': partly('carried along; balancing does not read it yet'),
  'endpoints[].labels': yes('`security.istio.io/tlsMode: istio` says that it takes mutual TLS'),
  'endpoints[].serviceAccount': yes('the identity that it must prove'),
  workloadSelector: no('workloads register with their service by themselves'),
  exportTo: yes('`.`, `*`, `~` or names of namespaces'),
  subjectAltNames: yes('that TLS peers must prove'),
};
