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
  retryBudget: yes("wins over the DestinationRule's"),
  'retryBudget.percent': yes('of active requests that may be retries', { default: 20 }),
  'retryBudget.minRetryConcurrency': yes('retries that are always allowed at once', { default: 3 }),
  hedging: yes('one more attempt on another endpoint where the first is slow; the first good response wins'),
  'hedging.maxAttempts': yes('at once, the first one included'),
  'hedging.delay': yes('without a response, before each further attempt'),
  'hedging.methods': yes('left out: those that may be repeated'),
  deadline: yes('of a call, whatever its route says; of an exchange, the longest that it may take'),
  concurrency: yes('a limit on what is under way at once that follows latency (gradient)'),
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
