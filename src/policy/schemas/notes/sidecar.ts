import { type Notes, no, partly, yes } from '../note.js';

const NO_LISTENER = partly(
  'told as HDL0006, without effect: a process makes its own calls and serves its own ports, and no listener is opened beside them',
);
const POOL = partly(
  "told as HDL0006, without effect: on the way in calls are limited, connections are the server's own",
);

export const sidecarNotes: Notes = {
  workloadSelector: yes(
    'of workloads in its own namespace; without one it is for all of them; in `istio-system` for all of the mesh',
  ),
  egress: yes('what the workload sees of the mesh; left out: all that is exported to it'),
  ingress: yes('ports that the workload serves'),
  outboundTrafficPolicy: yes('what becomes of calls to unknown hosts'),
  'egress[].hosts': yes(
    '`namespace/host`, with `.`, `*` and `~`: a workload sees no other services; calls to others are calls to unknown hosts',
  ),
  'egress[].port': yes('the listener is for calls to this port'),
  'egress[].port.protocol': partly('checked; calls are told apart by host and port'),
  'egress[].port.name': yes('a label for people'),
  'egress[].port.targetPort': partly('an error, as in Istio'),
  'egress[].bind': NO_LISTENER,
  'egress[].captureMode': NO_LISTENER,
  'ingress[].port': partly(
    'the port that `connectionPool` is for; without one it is told as HDL0006: the program opens its ports itself',
  ),
  'ingress[].port.targetPort': partly('an error, as in Istio'),
  'ingress[].bind': NO_LISTENER,
  'ingress[].captureMode': NO_LISTENER,
  'ingress[].defaultEndpoint': NO_LISTENER,
  'ingress[].tls': no('a port is served with the identity of the mesh; end other TLS in the program itself'),
  'ingress[].connectionPool': POOL,
  'ingress[].connectionPool.http.http2MaxRequests': yes(
    'most calls at once on this port, else 503 UO; the pool stands whole in place of `inboundConnectionPool`',
  ),
  inboundConnectionPool: POOL,
  'inboundConnectionPool.http.http2MaxRequests': yes(
    'most calls at once, of each port by itself; else 503 UO',
  ),
  'outboundTrafficPolicy.mode': partly(
    'REGISTRY_ONLY, ALLOW_ANY: what becomes of calls to unknown hosts; ALLOW_ANY_DYNAMIC_DNS is an error, as in Istio',
  ),
  'outboundTrafficPolicy.egressProxy': yes('the service that calls to unknown hosts go to'),
};
