/** What changes may have touched, kept for a while, so that each view of the resources can catch up when it is asked. */
import { namespaceOf } from './names.js';
import type { TouchedRoutes } from './virtual-services.js';

export class Touched {
  /** Full names; one that starts with `*` stands for all that it covers. */
  readonly hosts = new Set<string>();
  /** Where rules lead, or led. */
  readonly destinations = new Set<string>();
  /** Hosts whose endpoints alone changed. */
  readonly endpoints = new Set<string>();
  /** `ns/name`. */
  readonly gateways = new Set<string>();
  /** Namespaces. */
  readonly sidecars = new Set<string>();
  readonly telemetries = new Set<string>();
  readonly security = new Set<string>();
  readonly workloads = new Set<string>();

  get isEmpty(): boolean {
    return PARTS.every((part) => this[part].size === 0);
  }

  add(other: Touched): void {
    for (const part of PARTS) for (const name of other[part]) this[part].add(name);
  }
}

const PARTS = [
  'hosts',
  'destinations',
  'endpoints',
  'gateways',
  'sidecars',
  'telemetries',
  'security',
  'workloads',
] as const;

/** Changes that are remembered; a view that is further behind looks at everything again. */
const KEPT = 256;

export class Touches {
  #open = new Touched();
  #closed: Touched[] = [];
  /** Of the changes that were made. */
  #count = 0;

  hosts(names: readonly string[]): void {
    for (const name of names) this.#open.hosts.add(name);
  }

  routes({ hosts, destinations }: TouchedRoutes): void {
    for (const name of hosts) this.#open.hosts.add(name);
    for (const name of destinations) this.#open.destinations.add(name);
  }

  endpoints(hosts: readonly string[]): void {
    for (const host of hosts) {
      this.#open.endpoints.add(host);
      this.#open.workloads.add(namespaceOf(host) ?? '');
    }
  }

  add(part: 'gateways' | 'sidecars' | 'telemetries' | 'security' | 'workloads', name: string): void {
    this.#open[part].add(name);
  }

  /** One change is complete. */
  close(): void {
    if (this.#open.isEmpty) return;
    this.#closed.push(this.#open);
    this.#open = new Touched();
    this.#count += 1;
    if (this.#closed.length > 2 * KEPT) this.#closed = this.#closed.slice(-KEPT);
  }

  /** The number to ask `since` with later. */
  get now(): number {
    return this.#count;
  }

  /** What changed after the change of that number; null: too much to remember. */
  since(number: number): Touched | null {
    const behind = this.#count - number;
    if (behind > this.#closed.length) return null;
    const touched = new Touched();
    for (const one of behind === 0 ? [] : this.#closed.slice(-behind)) touched.add(one);
    return touched;
  }
}
