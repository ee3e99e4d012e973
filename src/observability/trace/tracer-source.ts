import type { Tracer, TracerProvider } from '@opentelemetry/api';
import type { OtelApi } from '../otel-api.js';

/**
 * The tracer of the SDK that the process has registered, or null while there is none. Asked once a call, so that an SDK
 * that starts after the mesh is noticed and a process without one pays two look-ups.
 */
export class TracerSource {
  readonly #api: OtelApi;
  #provider: TracerProvider | null = null;
  #tracer: Tracer | null = null;

  constructor(api: OtelApi) {
    this.#api = api;
  }

  current(): Tracer | null {
    const provider = this.#api.trace.getTracerProvider();
    if (provider !== this.#provider) {
      this.#provider = provider;
      this.#tracer = null;
    }
    // The API's own provider is a proxy: its tracers record nothing until somebody gives it a delegate.
    this.#tracer ??= isProxy(provider)
      ? (provider.getDelegateTracer(NAME) ?? null)
      : provider.getTracer(NAME);
    return this.#tracer;
  }
}

const NAME = 'heddle';

/** By its method, not its class: the proxy may come from another copy of the API. */
function isProxy(
  provider: TracerProvider,
): provider is TracerProvider & { getDelegateTracer(name: string): Tracer | undefined } {
  return 'getDelegateTracer' in provider;
}
