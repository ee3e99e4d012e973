import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import type { MeshFacts } from './events.js';

/** @source Istio's buckets, the same for milliseconds and bytes (observability.md §1.2) */
export const ISTIO_BUCKETS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

/** Seconds. @source open-telemetry/semantic-conventions `docs/http/http-metrics.md` */
export const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Milliseconds. @source open-telemetry/semantic-conventions `docs/rpc/rpc-metrics.md`, which leaves them to OpenTelemetry's default */
export const RPC_MS = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

/** Every instrument there is, made once for a meter. The table in `docs/reference` follows this file. */
export class Instruments {
  readonly requests: Counter;
  readonly requestMs: Histogram;
  readonly requestBytes: Histogram;
  readonly responseBytes: Histogram;
  readonly requestMessages: Counter;
  readonly responseMessages: Counter;
  readonly clientSeconds: Histogram;
  readonly serverSeconds: Histogram;
  readonly rpcClientMs: Histogram;
  readonly rpcServerMs: Histogram;
  readonly retries: Counter;
  readonly ejections: Counter;
  readonly circuitTransitions: Counter;
  readonly events: Counter;
  readonly tcpOpened: Counter;
  readonly tcpClosed: Counter;
  readonly tcpSent: Counter;
  readonly tcpReceived: Counter;

  /** @param facts read by the gauges whenever they are collected */
  constructor(meter: Meter, facts: MeshFacts) {
    const istio = { advice: { explicitBucketBoundaries: ISTIO_BUCKETS } };
    const seconds = { unit: 's', advice: { explicitBucketBoundaries: HTTP_SECONDS } };
    this.requests = meter.createCounter('istio_requests_total', {
      description: 'Requests that ended, retries not counted',
    });
    this.requestMs = meter.createHistogram('istio_request_duration_milliseconds', {
      ...istio,
      unit: 'ms',
      description: 'From the request to the last byte of the response, retries included',
    });
    this.requestBytes = meter.createHistogram('istio_request_bytes', {
      ...istio,
      unit: 'By',
      description: 'Request fields and body',
    });
    this.responseBytes = meter.createHistogram('istio_response_bytes', {
      ...istio,
      unit: 'By',
      description: 'Response fields, where they are known, and body',
    });
    this.requestMessages = meter.createCounter('istio_request_messages_total', {
      description: 'Messages of gRPC from the client',
    });
    this.responseMessages = meter.createCounter('istio_response_messages_total', {
      description: 'Messages of gRPC from the server',
    });
    this.clientSeconds = meter.createHistogram('http.client.request.duration', {
      ...seconds,
      description: 'Duration of one attempt that is not gRPC',
    });
    this.serverSeconds = meter.createHistogram('http.server.request.duration', {
      ...seconds,
      description: 'Duration of one exchange that is not gRPC',
    });
    this.rpcClientMs = meter.createHistogram('rpc.client.duration', {
      unit: 'ms',
      advice: { explicitBucketBoundaries: RPC_MS },
      description: 'Duration of one attempt of a call of gRPC',
    });
    this.rpcServerMs = meter.createHistogram('rpc.server.duration', {
      unit: 'ms',
      advice: { explicitBucketBoundaries: RPC_MS },
      description: 'Duration of one call of gRPC that was served',
    });
    this.retries = meter.createCounter('heddle_retries_total', { description: 'Attempts after the first' });
    this.ejections = meter.createCounter('heddle_ejections_total', {
      description: 'Endpoints taken out of picking by outlier detection',
    });
    this.circuitTransitions = meter.createCounter('heddle_circuit_transitions_total', {
      description: 'Changes of a circuit, by the state it changed to',
    });
    this.events = meter.createCounter('heddle_events_total', {
      description: 'Things that happen now and then',
    });
    this.tcpOpened = meter.createCounter('istio_tcp_connections_opened_total', {
      description: 'Connections opened that are not HTTP',
    });
    this.tcpClosed = meter.createCounter('istio_tcp_connections_closed_total', {
      description: 'Connections closed that are not HTTP',
    });
    this.tcpSent = meter.createCounter('istio_tcp_sent_bytes_total', {
      unit: 'By',
      description: 'Sent to whoever opened the connection',
    });
    this.tcpReceived = meter.createCounter('istio_tcp_received_bytes_total', {
      unit: 'By',
      description: 'Received from whoever opened the connection',
    });
    const gauge = (name: string, description: string, read: () => number | undefined) =>
      observe(meter, { name, description }, facts.labels, read);
    gauge('heddle_policy_revision', 'Revision of the policy in force', () => facts.revision);
    gauge(
      'heddle_certificate_end_seconds',
      'End of the certificate in use, seconds since the epoch',
      () => facts.certificateEndSeconds,
    );
  }
}

function observe(
  meter: Meter,
  { name, description }: { readonly name: string; readonly description: string },
  labels: Attributes,
  read: () => number | undefined,
): void {
  meter.createObservableGauge(name, { description }).addCallback((result) => {
    const value = read();
    if (value !== undefined) result.observe(value, labels);
  });
}
