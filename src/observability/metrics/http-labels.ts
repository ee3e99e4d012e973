import type { Attributes } from '@opentelemetry/api';
import { knownMethod, splitAuthority } from '../semconv.js';
import { BoundedMap, MAX_NAMES } from './bounded-map.js';

/**
 * Attributes of OpenTelemetry's HTTP histograms, each set built once. Methods outside the standard ones share `_OTHER`,
 * and hosts beyond the limit share `unknown`.
 * @source open-telemetry/semantic-conventions `docs/http/http-metrics.md`
 */
export class ClientHttpLabels {
  readonly #plain = hosts('http');
  readonly #tls = hosts('https');

  /** Labels of requests to `authority`. */
  of(authority: string, scheme: 'http' | 'https', method: string): EndLabels {
    return (scheme === 'https' ? this.#tls : this.#plain).get(authority).of(method);
  }
}

export class ServerHttpLabels {
  readonly #plain = new MethodLabels({ 'url.scheme': 'http' });
  readonly #tls = new MethodLabels({ 'url.scheme': 'https' });

  of(scheme: 'http' | 'https', method: string): EndLabels {
    return (scheme === 'https' ? this.#tls : this.#plain).of(method);
  }
}

class MethodLabels {
  readonly #base: Attributes;
  readonly #methods = new Map<string, EndLabels>();

  constructor(base: Attributes) {
    this.#base = base;
  }

  of(method: string): EndLabels {
    const known = knownMethod(method);
    let labels = this.#methods.get(known);
    if (labels === undefined) {
      labels = new EndLabels({ ...this.#base, 'http.request.method': known });
      this.#methods.set(known, labels);
    }
    return labels;
  }
}

/** The labels of everything that differs only in how it ended. */
export class EndLabels {
  readonly #base: Attributes;
  readonly #good = new Map<number, Attributes>();
  readonly #bad = new BoundedMap<Map<number, Attributes>>(100, () => new Map());

  constructor(base: Attributes) {
    this.#base = base;
  }

  /**
   * @param status 0: none
   * @param errorType undefined: it went well
   */
  ending(status: number, errorType: string | undefined): Attributes {
    const sets = errorType === undefined ? this.#good : this.#bad.get(errorType);
    let labels = sets.get(status);
    if (labels === undefined) {
      labels = {
        ...this.#base,
        ...(status > 0 ? { 'http.response.status_code': status } : {}),
        ...(errorType === undefined ? {} : { 'error.type': errorType }),
      };
      sets.set(status, labels);
    }
    return labels;
  }
}

function hosts(scheme: 'http' | 'https'): BoundedMap<MethodLabels> {
  return new BoundedMap(MAX_NAMES, (authority) => {
    const { address, port } = splitAuthority(authority, scheme);
    return new MethodLabels({ 'server.address': address, 'server.port': port });
  });
}
