import type { Attributes } from '@opentelemetry/api';
import { methodOf } from '../../model/grpc.js';
import { BoundedMap, MAX_NAMES } from './bounded-map.js';

/**
 * Attributes of OpenTelemetry's RPC histograms, each set built once. Methods beyond the limit share `unknown`.
 * @source open-telemetry/semantic-conventions `docs/rpc/rpc-metrics.md`, `docs/rpc/grpc.md`
 */
export class RpcLabels {
  readonly #methods = new BoundedMap(MAX_NAMES, (path) => new StatusLabels(baseOf(path)));

  /** @param status null: it was not answered */
  of(path: string, status: number | null): Attributes {
    return this.#methods.get(path).of(status);
  }
}

function baseOf(path: string): Attributes {
  const { service, method } = methodOf(path) ?? { service: 'unknown', method: 'unknown' };
  return { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
}

class StatusLabels {
  readonly #base: Attributes;
  readonly #made = new Map<number | null, Attributes>();

  constructor(base: Attributes) {
    this.#base = base;
  }

  of(status: number | null): Attributes {
    let labels = this.#made.get(status);
    if (labels === undefined) {
      labels = status === null ? this.#base : { ...this.#base, 'rpc.grpc.status_code': status };
      this.#made.set(status, labels);
    }
    return labels;
  }
}
