import { type Notes, yes } from '../note.js';

export const rateLimitNotes: Notes = {
  host: yes(
    'whose calls out are limited; short or full name, may begin with `*.`; either this or `selector`',
  ),
  exportTo: yes('`.`, `*`, `~` or names of namespaces'),
  selector: yes('whose exchanges are limited: workloads in its own namespace; of all in `istio-system`'),
  'selector.matchLabels': yes('all of them on the workload'),
  'limits[]': yes('each has to let a request through; each process counts for itself'),
  'limits[].name': yes('for metrics and explanations; left out: its place, as `limit-0`'),
  'limits[].match': yes('which requests it counts; left out: all'),
  'limits[].match.paths': yes('exact, `prefix*`, `*suffix` or `*`'),
  'limits[].match.methods': yes('e.g. GET'),
  'limits[].match.headers': yes('by name, exact or prefix; `{}` asks whether it is there'),
  'limits[].match.principals': yes('who calls, as in an AuthorizationPolicy; on the way in only'),
  'limits[].by': yes(
    '`principal`, `remoteIp` or `header:NAME`: each value has a bucket of its own; left out: one bucket for all',
  ),
  'limits[].requests': yes('how many in `per`'),
  'limits[].per': yes('the time in which the bucket fills up'),
  'limits[].burst': yes('size of the bucket; left out: `requests`'),
  'limits[].rateLimitedAsResourceExhausted': yes(
    'calls of gRPC that come in over it are answered with RESOURCE_EXHAUSTED, which nobody retries by default; left out: UNAVAILABLE',
  ),
};
