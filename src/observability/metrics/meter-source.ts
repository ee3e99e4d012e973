import { createNoopMeter, type MeterProvider } from '@opentelemetry/api';
import type { OtelApi } from '../otel-api.js';
import type { MeshFacts } from './events.js';
import { Instruments } from './instruments.js';

/**
 * The instruments of whatever meter provider is registered, or null while there is none. The API hands out no-op
 * instruments that stay no-op for ever, so the provider is compared once a call, and instruments are made when it changes.
 */
export class MeterSource {
  readonly #api: OtelApi;
  readonly #facts: MeshFacts;
  #provider: MeterProvider | null = null;
  #instruments: Instruments | null = null;

  constructor(api: OtelApi, facts: MeshFacts) {
    this.#api = api;
    this.#facts = facts;
  }

  current(): Instruments | null {
    const provider = this.#api.metrics.getMeterProvider();
    if (provider !== this.#provider) {
      this.#provider = provider;
      const meter = provider.getMeter('heddle');
      this.#instruments = meter === createNoopMeter() ? null : new Instruments(meter, this.#facts);
    }
    return this.#instruments;
  }
}
