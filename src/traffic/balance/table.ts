/**
 * Tables for consistent hashing: place in the table → index of the endpoint. A change of the endpoints moves few keys.
 * @source Envoy `ring_hash_lb.cc` and `maglev_lb.cc`; Eisenbud et al., "Maglev", 2016
 */
import { hashText } from './hash.js';

/** What a table is made of: the endpoint's key and its weight. */
export interface TableEntry {
  readonly key: string;
  readonly weight: number;
}

export interface HashTable {
  /** Number of places. */
  readonly size: number;
  /** Index of the endpoint at a place. */
  at(place: number): number;
  /** Where the walk for `hash` begins. */
  placeOf(hash: number): number;
}

/** Largest table of either kind, whatever policy asks for: 8 M places are Envoy's limit. */
const LARGEST = 8 * 1024 * 1024;
/** Two numbers share one double: 32 bits of hash, 20 of index. */
const INDEXES = 2 ** 20;

/**
 * A ring with at least `minimumSize` points, spread by weight: the point at or after the hash decides.
 * @param minimumSize @default 1024 (Istio)
 */
export function ringTable(entries: readonly TableEntry[], minimumSize: number): HashTable {
  const total = entries.reduce((sum, entry) => sum + entry.weight, 0);
  const smallest =
    entries.reduce((least, entry) => Math.min(least, entry.weight), Number.POSITIVE_INFINITY) / total;
  const scale = Math.min(Math.ceil(smallest * Math.max(minimumSize, 1)) / smallest, LARGEST);
  const points: number[] = [];
  let wanted = 0;
  for (const [index, entry] of entries.entries()) {
    wanted += (entry.weight / total) * scale;
    // Rounding may take the first share below one; an endpoint without a point would never be picked.
    for (let copy = 0; copy === 0 || points.length < Math.round(wanted); copy += 1) {
      points.push(hashText(`${entry.key}_${copy}`) * INDEXES + index);
    }
  }
  const sorted = Float64Array.from(points).sort();
  return {
    size: sorted.length,
    at: (place) => sorted[place]! % INDEXES,
    placeOf(hash) {
      let low = 0;
      let high = sorted.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (sorted[middle]! < hash * INDEXES) low = middle + 1;
        else high = middle;
      }
      return low === sorted.length ? 0 : low;
    },
  };
}

/**
 * Maglev's table: every endpoint in turn, more often with more weight, takes the next free place of its own permutation.
 * @param wantedSize @default 65 537 (Istio). Made a prime: otherwise a permutation may not reach every place
 */
export function maglevTable(entries: readonly TableEntry[], wantedSize: number): HashTable {
  const size = primeFrom(Math.min(Math.max(wantedSize, 3), LARGEST));
  const table = new Int32Array(size).fill(-1);
  const heaviest = entries.reduce((most, entry) => Math.max(most, entry.weight), 0);
  const rows = entries.map((entry) => ({
    place: hashText(entry.key) % size,
    skip: (hashText(entry.key, 0x9747b28c) % (size - 1)) + 1,
    share: entry.weight / heaviest,
    turns: 0,
  }));
  let filled = 0;
  for (let round = 1; filled < size; round += 1) {
    for (let index = 0; index < rows.length && filled < size; index += 1) {
      const row = rows[index]!;
      if (row.turns + 1 > round * row.share + 1e-9) continue;
      row.turns += 1;
      while (table[row.place] !== -1) row.place = (row.place + row.skip) % size;
      table[row.place] = index;
      filled += 1;
    }
  }
  return { size, at: (place) => table[place]!, placeOf: (hash) => hash % size };
}

/** The first prime that is not below `number`. */
function primeFrom(number: number): number {
  let candidate = Math.floor(number);
  while (!isPrime(candidate)) candidate += 1;
  return candidate;
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return true;
}
