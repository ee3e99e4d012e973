import type { Attributes } from '@opentelemetry/api';
import type { Workload } from '../../model/workload.js';
import { BoundedMap } from './bounded-map.js';
import type { Instruments } from './instruments.js';

/** The events that have a metric of their own, by name, with the attributes that they read. Others are only counted. */
export interface MeshEvents {
  'endpoint.ejected': { readonly cluster: string; readonly endpoint?: string; readonly because?: string };
  'circuit.changed': { readonly cluster: string; readonly state: 'closed' | 'open' | 'half-open' };
  'policy.accepted': { readonly revision: number };
  'policy.refused': { readonly revision: number };
  /** `expiresAt`: milliseconds since the epoch. */
  'certificate.renewed': { readonly expiresAt: number };
}

export type EventAttributes = Readonly<Record<string, string | number | boolean>>;

/** What gauges tell. Kept with or without a meter, so that one which is registered later finds it. */
export class MeshFacts {
  revision: number | undefined;
  certificateEndSeconds: number | undefined;
  /** Of the gauges: two meshes in one process are two series. */
  readonly labels: Attributes;
  readonly #names = new BoundedMap(100, (event) => ({ event }));

  constructor({ namespace, name }: Workload) {
    this.labels = { workload: name, namespace };
  }

  /** Takes in an event. @param instruments null while nobody collects */
  record(name: string, attributes: EventAttributes, instruments: Instruments | null): void {
    const { revision, expiresAt } = attributes;
    if (name === 'policy.accepted' && typeof revision === 'number') this.revision = revision;
    if (name === 'certificate.renewed' && typeof expiresAt === 'number')
      this.certificateEndSeconds = expiresAt / 1000;
    if (instruments === null) return;
    const cluster = text(attributes.cluster);
    if (name === 'endpoint.ejected')
      instruments.ejections.add(1, { cluster, because: text(attributes.because) });
    else if (name === 'circuit.changed')
      instruments.circuitTransitions.add(1, { cluster, state: text(attributes.state) });
    instruments.events.add(1, this.#names.get(name));
  }
}

function text(value: string | number | boolean | undefined): string {
  return value === undefined ? 'unknown' : String(value);
}
