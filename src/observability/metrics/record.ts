import type { Attributes } from '@opentelemetry/api';
import type { ExpressionFacts } from '../expression.js';
import type { LabelRule, MetricRule, MetricRules } from './decide.js';
import type { Instruments } from './instruments.js';

/** What Istio's metrics say of one call or exchange. */
export interface IstioSample {
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Of gRPC; absent: it was none. */
  readonly messages?: { readonly requests: number; readonly responses: number };
}

/** Adds a sample to Istio's metrics. @param change what policy changes; null: nothing */
export function recordIstio(
  to: Instruments,
  sample: IstioSample,
  labels: Attributes,
  change: { readonly rules: MetricRules; readonly facts: () => ExpressionFacts } | null,
): void {
  if (change === null) {
    to.requests.add(1, labels);
    to.requestMs.record(sample.durationMs, labels);
    to.requestBytes.record(sample.requestBytes, labels);
    to.responseBytes.record(sample.responseBytes, labels);
    if (sample.messages === undefined) return;
    to.requestMessages.add(sample.messages.requests, labels);
    to.responseMessages.add(sample.messages.responses, labels);
    return;
  }
  const { rules, facts } = change;
  let last: LabelRule | null = null;
  let made = labels;
  const changed = (rule: MetricRule): Attributes => {
    if (rule.labels === null) return labels;
    if (rule.labels !== last) {
      last = rule.labels;
      made = last.apply(labels, facts);
    }
    return made;
  };
  const { REQUEST_COUNT, REQUEST_DURATION, REQUEST_SIZE, RESPONSE_SIZE } = rules;
  if (!REQUEST_COUNT.disabled) to.requests.add(1, changed(REQUEST_COUNT));
  if (!REQUEST_DURATION.disabled) to.requestMs.record(sample.durationMs, changed(REQUEST_DURATION));
  if (!REQUEST_SIZE.disabled) to.requestBytes.record(sample.requestBytes, changed(REQUEST_SIZE));
  if (!RESPONSE_SIZE.disabled) to.responseBytes.record(sample.responseBytes, changed(RESPONSE_SIZE));
  if (sample.messages === undefined) return;
  const { GRPC_REQUEST_MESSAGES, GRPC_RESPONSE_MESSAGES } = rules;
  if (!GRPC_REQUEST_MESSAGES.disabled)
    to.requestMessages.add(sample.messages.requests, changed(GRPC_REQUEST_MESSAGES));
  if (!GRPC_RESPONSE_MESSAGES.disabled)
    to.responseMessages.add(sample.messages.responses, changed(GRPC_RESPONSE_MESSAGES));
}
