import { doc, service, testCases } from './analyzers.test.helper.js';

const EWMA = '{ host: a, loadBalancer: { peakEwma: {} } }';

testCases([
  [
    'peak EWMA beside a hash, or beside no choice at all',
    /HDL0005/,
    [
      ...[service('a'), service('b'), service('c')],
      doc('ResiliencePolicy p', EWMA),
      doc(
        'DestinationRule d',
        '{ host: a.default.svc.cluster.local, trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } } }',
      ),
      doc('ResiliencePolicy q', EWMA.replace('host: a', 'host: b')),
      doc('DestinationRule e', '{ host: b, trafficPolicy: { loadBalancer: { simple: PASSTHROUGH } } }'),
      doc('ResiliencePolicy r', EWMA.replace('host: a', 'host: c')),
      doc('DestinationRule f', '{ host: c, trafficPolicy: { loadBalancer: { simple: RANDOM } } }'),
    ],
    'warning HDL0005 ResiliencePolicy p spec.loadBalancer.peakEwma',
    'warning HDL0005 ResiliencePolicy q spec.loadBalancer.peakEwma',
  ],
]);
