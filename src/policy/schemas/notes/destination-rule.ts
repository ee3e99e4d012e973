import { type Notes, no, partly, yes } from '../note.js';
import { clientTlsNotes } from './client-tls.js';
import { connectionPoolNotes } from './connection-pool.js';
import { loadBalancerNotes } from './load-balancer.js';

export const destinationRuleNotes: Notes = {
  host: yes("the most specific rule, of the caller's namespace, then the service's, then the root's"),
  trafficPolicy: yes('how endpoints are picked, connections kept and guarded'),
  'trafficPolicy.loadBalancer': yes('which endpoint takes a call'),
  'trafficPolicy.connectionPool': yes('limits of calls and connections'),
  'trafficPolicy.tls': yes('of connections to endpoints'),
  'trafficPolicy.retryBudget': yes('a limit on retries, beside what is active'),
  'trafficPolicy.proxyProtocol': yes('tells the endpoint who calls'),
  ...loadBalancerNotes('trafficPolicy.loadBalancer'),
  ...connectionPoolNotes('trafficPolicy.connectionPool'),
  'trafficPolicy.outlierDetection': yes('takes endpoints out of picking, each process for itself'),
  'trafficPolicy.outlierDetection.consecutiveErrors': partly(
    'accepted with a warning, without effect, as in Istio',
  ),
  'trafficPolicy.outlierDetection.splitExternalLocalOriginErrors': yes(
    'failures without a response are counted apart',
  ),
  'trafficPolicy.outlierDetection.consecutiveLocalOriginFailures': yes(
    'in a row, if they are counted apart',
    { default: 5 },
  ),
  'trafficPolicy.outlierDetection.consecutive5xxErrors': yes('in a row; 0: off', { default: 5 }),
  'trafficPolicy.outlierDetection.consecutiveGatewayErrors': yes('502, 503, 504 in a row; default off'),
  'trafficPolicy.outlierDetection.interval': yes('between the sweeps that take endpoints back', {
    default: '10s',
  }),
  'trafficPolicy.outlierDetection.baseEjectionTime': yes('grows with each further ejection', {
    default: '30s',
  }),
  'trafficPolicy.outlierDetection.maxEjectionPercent': yes(
    'a cluster of fewer than ten endpoints needs more, or none is ejected',
    { default: 10 },
  ),
  'trafficPolicy.outlierDetection.minHealthPercent': yes('below it all endpoints are picked from; 0: never', {
    default: 0,
  }),
  'trafficPolicy.outlierDetection.outlierDetectionHttpErrorCodes': yes(
    'statuses that count as errors, in place of 5xx',
  ),
  ...clientTlsNotes('trafficPolicy.tls'),
  'trafficPolicy.portLevelSettings[]': yes('replaces the blocks above, as a whole, for one port'),
  'trafficPolicy.portLevelSettings[].port.number': yes('of the service'),
  'trafficPolicy.tunnel': yes(
    'for connections of `mesh.connect`: the endpoints are proxies, which are asked for the target; HTTP calls do not go through it (HDL0006)',
  ),
  'trafficPolicy.tunnel.protocol': yes('CONNECT or POST', { default: 'CONNECT' }),
  'trafficPolicy.tunnel.targetHost': yes('for which the proxy is asked; it looks the name up'),
  'trafficPolicy.tunnel.targetPort': yes('for which the proxy is asked'),
  'trafficPolicy.proxyProtocol.version': yes('V1 or V2, at the start of each connection', { default: 'V1' }),
  'trafficPolicy.retryBudget.percent': yes('of active requests that may be retries', { default: 20 }),
  'trafficPolicy.retryBudget.minRetryConcurrency': yes('retries that are always allowed at once', {
    default: 3,
  }),
  'trafficPolicy.retryBudget.budgetInterval': no('calls in flight are counted, not those of an interval'),
  'subsets[]': yes('endpoints with all of these labels; routes name them'),
  'subsets[].name': yes('that routes use'),
  'subsets[].labels': yes('all of them on the endpoint'),
  'subsets[].trafficPolicy': yes('over that of the host, block by block'),
  exportTo: yes('`.`, `*` or names of namespaces: whose calls it is for', { default: '*' }),
  workloadSelector: yes('which callers it is for, in its own namespace'),
};
