/** Values that the tests of this folder share. */
import type { Clock, Timer } from '../../base/clock.js';
import type { Workload } from '../../model/workload.js';
import type { EffectiveHost, EffectiveInbound, EffectiveMesh } from '../../policy/effective.js';
import type { NamedResource } from '../../ports/control-protocol.js';

export const workload: Workload = {
  namespace: 'default',
  serviceAccount: 'productpage',
  service: 'productpage',
  name: 'productpage-1',
  labels: { app: 'productpage' },
};

export const mesh: EffectiveMesh = { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' };

export const inbound: EffectiveInbound = {
  mtls: { mode: 'STRICT', ports: {} },
  authorization: [],
  pathNormalization: 'BASE',
};

export function host(name: string): EffectiveHost {
  return {
    host: name,
    domains: [name],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    location: 'mesh',
    resolution: 'static',
    virtualService: null,
    routes: [],
    clusters: [],
  };
}

export function resource(name: string, version: string, value: unknown): NamedResource {
  return { name, version, value };
}

/** The least that makes a policy. */
export function base(version = '1'): NamedResource[] {
  return [resource('mesh', version, mesh), resource('inbound', version, inbound)];
}

/** Virtual time for what must not wait in a test. */
export class TestClock implements Clock {
  readonly #began = Date.now();
  #now = 0;
  #timers: { at: number; fire: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#began + this.#now;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length;
  }

  after(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  /** Fires what is due on the way, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.at);
      this.#timers = this.#timers.filter((timer) => timer !== due);
      due.fire();
    }
    this.#now = end;
  }
}
