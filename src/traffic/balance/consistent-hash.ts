import type { Random } from '../../base/random.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import { Picker } from './picker.js';
import type { BalancerPolicy } from './policy.js';
import { type HashTable, maglevTable, ringTable } from './table.js';

type ConsistentHashPolicy = Extract<BalancerPolicy, { kind: 'consistent-hash' }>;

/**
 * The same hash, the same endpoint. Where that one cannot be had, the walk goes on through the table: only its own keys move, and
 * they move back with it. A request without a hash goes anywhere.
 */
export class ConsistentHashPicker extends Picker {
  readonly #policy: ConsistentHashPolicy;
  /** Made at the first pick: most clusters that a process knows it never calls. */
  #table: HashTable | undefined;

  constructor(
    endpoints: readonly EndpointState[],
    random: Random,
    panicPercent: number,
    policy: ConsistentHashPolicy,
  ) {
    super(endpoints, random, panicPercent);
    this.#policy = policy;
  }

  protected override choose(
    avoided: readonly EndpointState[],
    panic: boolean,
    hash: number | undefined,
  ): EndpointState | undefined {
    if (hash === undefined || this.endpoints.length < 2) return this.draw(avoided, panic, undefined);
    const table = (this.#table ??= this.#build());
    const start = table.placeOf(hash);
    for (let step = 0; step < table.size; step += 1) {
      const place = start + step;
      const endpoint = this.endpoints[table.at(place < table.size ? place : place - table.size)]!;
      if (this.takes(endpoint, avoided, panic)) return endpoint;
    }
    // Only a table smaller than the list of endpoints can lack one that could be had.
    return this.draw(avoided, panic, undefined);
  }

  #build(): HashTable {
    const entries = this.endpoints.map(({ endpoint }) => ({ key: endpoint.key, weight: endpoint.weight }));
    const { table, size } = this.#policy;
    return table === 'ring' ? ringTable(entries, size) : maglevTable(entries, size);
  }
}
