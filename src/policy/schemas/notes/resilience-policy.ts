import { type Notes, yes } from '../note.js';

export const resiliencePolicyNotes: Notes = {
  host: yes("for calls out, as a DestinationRule's; either this or `selector`"),
  exportTo: yes('`.`, `*`, `~` or names of namespaces'),
  selector: yes('for exchanges: of workloads in its own namespace; of all in `istio-system`'),
  'selector.matchLabels': yes('all of them on the workload'),
  breaker: yes('a circuit for the host, by error rate'),
  'breaker.errorThresholdPercent': yes('opossum: from this share of failures on the circuit opens', {
    default: 50,
  }),
  'breaker.volumeThreshold': yes('attempts in the window below which the circuit stays closed', {
    default: 10,
  }),
  'breaker.window': yes('in which failures are counted', { default: '10s' }),
  'breaker.openDuration': yes('until one attempt may probe', { default: '5s' }),
  'breaker.rampDuration': yes(
    'in which the share of calls let through grows to all of them, after a probe that succeeded',
    {
      default: '0s',
    },
  ),
  retryBudget: yes("wins over the DestinationRule's"),
  'retryBudget.percent': yes('of active requests that may be retries', { default: 20 }),
  'retryBudget.minRetryConcurrency': yes('retries that are always allowed at once', { default: 3 }),
  hedging: yes('one more attempt on another endpoint where the first is slow; the first good response wins'),
  'hedging.maxAttempts': yes('at once, the first one included'),
  'hedging.delay': yes('without a response, before each further attempt'),
  'hedging.methods': yes('left out: those that may be repeated'),
  loadBalancer: yes(
    "takes the place of the DestinationRule's `simple`; its `consistentHash` and `PASSTHROUGH` stay",
  ),
  'loadBalancer.peakEwma': yes(
    'of two endpoints by lot the one with less latency for what is in flight; a latency that grows is believed at once, one that falls slowly',
  ),
  'loadBalancer.peakEwma.decay': yes('after which a latency that was seen counts for a third (1/e)', {
    default: '10s',
  }),
  subsetting: yes(
    'a process works with a part of a long list of endpoints, and with more of it the more it has to do; not with `consistentHash`',
  ),
  'subsetting.enabled': yes('false: every process works with all endpoints', { default: true }),
  'subsetting.minEndpoints': yes('the least that a process works with, in each locality that takes calls', {
    default: 50,
  }),
  'subsetting.threshold': yes(
    'lists that are not longer are worked with whole; left out: twice `minEndpoints`',
  ),
  outlierDetection: yes(
    "joins with the DestinationRule's, which has the consecutive counters; without one, those are off",
  ),
  'outlierDetection.successRate': yes(
    'at each sweep, out go endpoints whose rate of success is far below that of the others',
  ),
  'outlierDetection.successRate.minimumHosts': yes('with enough requests; with fewer nothing is compared', {
    default: 5,
  }),
  'outlierDetection.successRate.requestVolume': yes('on an endpoint between two sweeps that make it count', {
    default: 100,
  }),
  'outlierDetection.successRate.stdevFactor': yes('so many standard deviations below the mean', {
    default: 1.9,
  }),
  'outlierDetection.successRate.enforcingPercent': yes('of such endpoints that are taken out, by lot', {
    default: 100,
  }),
  'outlierDetection.failurePercentage': yes(
    'at each sweep, out go endpoints with too large a share of failures',
  ),
  'outlierDetection.failurePercentage.threshold': yes('the share of failures, in percent, from which on', {
    default: 85,
  }),
  'outlierDetection.failurePercentage.minimumHosts': yes(
    'with enough requests; with fewer nobody is taken out',
    {
      default: 5,
    },
  ),
  'outlierDetection.failurePercentage.requestVolume': yes(
    'on an endpoint between two sweeps that make it count',
    {
      default: 50,
    },
  ),
  'outlierDetection.failurePercentage.enforcingPercent': yes('of such endpoints that are taken out, by lot', {
    default: 100,
  }),
  'outlierDetection.interval': yes("between sweeps; left out: the DestinationRule's, else 10s"),
  'outlierDetection.baseEjectionTime': yes("the first ejection's; left out: the DestinationRule's, else 30s"),
  'outlierDetection.maxEjectionTime': yes('no ejection is longer, unless the base is', { default: '300s' }),
  'outlierDetection.maxEjectionPercent': yes("of the endpoints; left out: the DestinationRule's, else 10"),
  healthCheck: yes('each process asks each endpoint of the host; exactly one of `http`, `tcp`, `grpc`'),
  'healthCheck.http': yes('a request, on a connection as calls have it'),
  'healthCheck.http.path': yes('with query'),
  'healthCheck.http.method': yes('without a body', { default: 'GET' }),
  'healthCheck.http.expectedStatuses[]': yes('of an endpoint that is well; left out: 200'),
  'healthCheck.http.expectedStatuses[].start': yes('the first status'),
  'healthCheck.http.expectedStatuses[].end': yes('the status after the last one; left out: `start` alone'),
  'healthCheck.http.headers': yes('of the request; `host` is what it is sent to by name'),
  'healthCheck.tcp': yes('a connection is enough'),
  'healthCheck.grpc': yes('`grpc.health.v1.Health/Check` answers SERVING'),
  'healthCheck.grpc.service': yes('that is asked about; left out: the server as a whole'),
  'healthCheck.interval': yes('between two checks of an endpoint', { default: '10s' }),
  'healthCheck.timeout': yes('an answer that takes longer is a failure', { default: '1s' }),
  'healthCheck.unhealthyThreshold': yes('failures in a row that take an endpoint out', { default: 3 }),
  'healthCheck.healthyThreshold': yes(
    'successes in a row that take it back; the very first check needs one',
    {
      default: 2,
    },
  ),
  'healthCheck.noTrafficInterval': yes('between checks while nobody has called the host', { default: '60s' }),
  'healthCheck.unhealthyInterval': yes('between checks of an endpoint that is out; left out: `interval`'),
  'healthCheck.jitterPercent': yes('of each interval, by which it is longer by lot', { default: 10 }),
  'healthCheck.port': yes('of the endpoint that is asked; left out: the one that takes the calls'),
  deadline: yes('of a call, whatever its route says; of an exchange, the longest that it may take'),
  concurrency: yes('a limit on what is under way at once that follows latency (gradient)'),
  queue: yes('of exchanges that wait for a place of `concurrency`; left out: with its defaults'),
  'queue.maxLength': yes('at once; 0: what finds no place is refused', { default: 1000 }),
  'queue.maxWait': yes(
    'the longest wait; a queue in which all waits are longer than `standingWait` for so long is a standing one',
    {
      default: '100ms',
    },
  ),
  'queue.standingWait': yes(
    'the longest wait in a standing queue, where the newest is next; such a queue is one until it is empty',
    {
      default: '20ms',
    },
  ),
  'queue.maxLoopDelay': yes(
    'work begins in turns of the event loop that have not taken longer yet; what else arrives waits',
    { default: '10ms' },
  ),
  'priorities[]': yes('which exchanges are shed first; the first that matches decides'),
  'concurrency.minLimit': yes('never less, and the limit while latency without load is measured', {
    default: 3,
  }),
  'concurrency.maxLimit': yes('never more at once', { default: 1000 }),
  'concurrency.initialLimit': yes('after the first measurement; left out: `minLimit`'),
  'concurrency.sampleWindow': yes('between changes of the limit', { default: '100ms' }),
  'concurrency.percentile': yes('of latency that is compared', { default: 50 }),
  'concurrency.minRttInterval': yes('between measurements of latency without load', { default: '60s' }),
  'concurrency.minRttRequests': yes('requests of such a measurement', { default: 50 }),
  'concurrency.jitterPercent': yes('of that interval, so that processes do not measure together', {
    default: 15,
  }),
  'concurrency.bufferPercent': yes('of latency that is let pass as noise', { default: 25 }),
  'priorities[].name': yes('for explanations'),
  'priorities[].priority': yes('`exempt` is never shed, `sheddable` first'),
  'priorities[].match': yes('as in a RateLimit; left out: all'),
};
