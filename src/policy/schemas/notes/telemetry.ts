import { type Notes, partly, yes } from '../note.js';
import { targetNotes } from './target.js';

export const telemetryNotes: Notes = {
  selector: yes('of workloads in its own namespace; workload over namespace over mesh (`istio-system`)'),
  'selector.matchLabels': yes('all of them on the workload'),
  ...targetNotes,
  'tracing[]': yes('field by field, the narrower policy over the wider; one entry a policy'),
  'tracing[].match.mode': yes('of calls out, of exchanges, or of both', { default: 'CLIENT_AND_SERVER' }),
  'tracing[].providers': partly("checked; spans go where the program's OpenTelemetry sends them"),
  'tracing[].randomSamplingPercentage': yes('of traces that begin here'),
  'tracing[].disableSpanReporting': yes('no span is recorded; the trace context is passed on'),
  'tracing[].customTags': yes('attributes of spans, by name'),
  'tracing[].customTags.*.literal.value': yes('the same for every span'),
  'tracing[].customTags.*.environment.name': yes('of a variable of the process'),
  'tracing[].customTags.*.environment.defaultValue': yes('where it is not set'),
  'tracing[].customTags.*.header.name': yes('of the request'),
  'tracing[].customTags.*.header.defaultValue': yes('where it is not there'),
  'tracing[].customTags.*.formatter.value': yes('with `%VARIABLES%` as in access logs'),
  'tracing[].useRequestIdForTraceSampling': partly(
    'told as HDL0006, without effect: a trace is drawn by its own id',
  ),
  'tracing[].enableIstioTags': yes("Istio's attributes on spans"),
  'tracing[].disableContextPropagation': yes('calls carry no trace context'),
  'metrics[].providers': partly("checked; metrics go where the program's OpenTelemetry sends them"),
  'metrics[]': yes('of the standard metrics'),
  'accessLogging[]': yes('a line a call or exchange'),
  'metrics[].overrides[]': yes('the last one that matches wins'),
  'metrics[].overrides[].match.metric': yes("one of Istio's standard metrics, or all"),
  'metrics[].overrides[].match.customMetric': partly(
    "told as HDL0006, without effect: only Istio's own metrics are made",
  ),
  'metrics[].overrides[].match.mode': yes('of calls out, of exchanges, or of both'),
  'metrics[].overrides[].disabled': yes('the metric is not recorded'),
  'metrics[].overrides[].tagOverrides': yes(
    'labels that are left out or set to the value of a CEL expression',
  ),
  'metrics[].overrides[].tagOverrides.*.operation': yes('UPSERT or REMOVE', { default: 'UPSERT' }),
  'metrics[].overrides[].tagOverrides.*.value': yes('a CEL expression'),
  'metrics[].reportingInterval': partly(
    'told as HDL0006, without effect: it is set where the program exports',
  ),
  'accessLogging[].match.mode': yes('of calls out, of exchanges, or of both'),
  'accessLogging[].providers': partly("checked; lines go where the program's log goes"),
  'accessLogging[].disabled': yes('no line is written'),
  'accessLogging[].filter': yes('a CEL expression; a line is written where it is true'),
};
