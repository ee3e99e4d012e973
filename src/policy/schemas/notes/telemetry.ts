import { type Notes, partly, yes } from '../note.js';
import { targetNotes } from './target.js';

export const telemetryNotes: Notes = {
  selector: yes('of workloads in its own namespace; workload over namespace over mesh (`istio-system`)'),
  'selector.matchLabels': yes('all of them on the workload'),
  ...targetNotes,
  'tracing[]': yes('field by field, the narrower policy over the wider; one entry a policy'),
  'tracing[].match.mode': yes('of calls out, of exchanges, or of both', { default: 'CLIENT_AND_SERVER' }),
  'tracing[].providers': partly(
    "told as HDL0006: spans go where the program's OpenTelemetry sends them, whatever the name",
  ),
  'tracing[].randomSamplingPercentage': yes(
    "of traces that begin here, drawn by their ids; the program's own sampler must want them too",
  ),
  'tracing[].disableSpanReporting': yes('no span is made; the trace context is passed on'),
  'tracing[].customTags': yes('attributes of spans, by name'),
  'tracing[].customTags.*.literal.value': yes('the same for every span'),
  'tracing[].customTags.*.environment.name': yes(
    'of a variable of the process; never one that holds a Heddle token',
  ),
  'tracing[].customTags.*.environment.defaultValue': yes('where it is not set'),
  'tracing[].customTags.*.header.name': yes('of the request'),
  'tracing[].customTags.*.header.defaultValue': yes('where it is not there'),
  'tracing[].customTags.*.formatter.value': yes(
    'with the `%OPERATORS%` of header values; any other is refused',
  ),
  'tracing[].useRequestIdForTraceSampling': partly(
    'told as HDL0006, without effect: a trace is drawn by its own id',
  ),
  'tracing[].enableIstioTags': yes(
    "Istio's attributes on spans: canonical service and revision, mesh, namespace",
    { default: false },
  ),
  'tracing[].disableContextPropagation': yes('calls carry no trace context; baggage is passed on'),
  'metrics[].providers': partly('`prometheus`; others are told as HDL0006 and count for nothing'),
  'metrics[]': yes('of the standard metrics'),
  'accessLogging[]': yes('a line a call or exchange'),
  'metrics[].overrides[]': yes('the last one that matches wins'),
  'metrics[].overrides[].match.metric': yes(
    'REQUEST_COUNT, REQUEST_DURATION, REQUEST_SIZE, RESPONSE_SIZE, or all; those of TCP and of gRPC messages are told as HDL0006',
  ),
  'metrics[].overrides[].match.customMetric': partly(
    "told as HDL0006, without effect: only Istio's own metrics are made",
  ),
  'metrics[].overrides[].match.mode': yes('of calls out, of exchanges, or of both'),
  'metrics[].overrides[].disabled': yes('the metric is not recorded'),
  'metrics[].overrides[].tagOverrides': yes(
    'labels that are left out or set to the value of a CEL expression',
  ),
  'metrics[].overrides[].tagOverrides.*.operation': yes('UPSERT or REMOVE', { default: 'UPSERT' }),
  'metrics[].overrides[].tagOverrides.*.value': yes(
    "a CEL expression over Envoy's attributes; `unknown` where it fails, and after 1000 values; one that does not compile is warned of as HDL0008",
  ),
  'metrics[].reportingInterval': partly(
    'told as HDL0006, without effect: it is set where the program exports',
  ),
  'accessLogging[].match.mode': yes('of calls out, of exchanges, or of both: each is a line'),
  'accessLogging[].providers': partly('`envoy`; others are told as HDL0006 and count for nothing'),
  'accessLogging[].disabled': yes('no line is written, whatever HEDDLE_ACCESS_LOG says'),
  'accessLogging[].filter': yes(
    "a CEL expression over Envoy's attributes; a line is written where it is true, none where it fails; without functions that repeat work (`all`, `exists`, `map`, `filter`, `bind`), which are refused",
  ),
};
