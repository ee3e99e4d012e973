import { type Notes, partly, yes } from '../note.js';

export const serviceEntryNotes: Notes = {
  hosts: yes('full names, or `*.` names without look-up'),
  addresses: partly('checked; calls are told apart by host'),
  ports: yes('that it serves'),
  'ports[].number': yes('that is called'),
  'ports[].protocol': partly('calls are made to HTTP ports; others are known by name only'),
  'ports[].name': yes('that endpoints use for their own ports'),
  'ports[].targetPort': yes('of the endpoints, where it differs'),
  location: yes('endpoints of MESH_INTERNAL can have mesh identity', { default: 'MESH_EXTERNAL' }),
  resolution: partly(
    'NONE, STATIC, DNS, DNS_ROUND_ROBIN, DYNAMIC_DNS: with DNS there is an endpoint for each address of a name, looked up again when the answer expires; else names are looked up when connecting, with NONE and DYNAMIC_DNS that of the host itself',
    { default: 'NONE' },
  ),
  'endpoints[]': yes('beside those that register'),
  'endpoints[].address': partly('IP address, name or `unix://` path, as the resolution allows'),
  'endpoints[].ports': yes('by name, where they differ'),
  'endpoints[].labels': yes('for subsets; `security.istio.io/tlsMode: istio` says that it takes mutual TLS'),
  'endpoints[].network': partly('told as HDL0006, without effect: there is one network'),
  'endpoints[].locality': yes('`region/zone/sub-zone`, for the load balancer'),
  'endpoints[].weight': yes('share among the endpoints', { default: 1 }),
  'endpoints[].serviceAccount': yes('the identity that it must prove'),
  workloadSelector: yes(
    'its endpoints are the WorkloadEntries and workloads of its namespace with these labels',
  ),
  exportTo: yes('`.`, `*`, `~` or names of namespaces: who may see it', { default: '*' }),
  subjectAltNames: yes('that TLS peers must prove'),
};
