/**
 * Interleaved slices in one process: every variant does a slice of work in every round, forward and backward in turn, so that what
 * the machine does meanwhile happens to all of them. What counts is the CPU time that the process itself was charged (user and
 * system, so the kernel's TCP and the garbage collector are in it), divided by the calls.
 */
import { median } from './stats.mjs';

/**
 * @typedef {object} Variant
 * @property {() => unknown} call one call; a promise is waited for
 * @property {() => void} [enable] before each slice, not measured
 * @property {() => void} [disable] after each slice, not measured
 */

/**
 * @param {Record<string, Variant>} variants by name
 * @param {{ rounds: number, warm: number, sliceMs: number, concurrency: number, progress?: (text: string) => void }} options
 * @returns {Promise<Record<string, number[]>>} CPU microseconds a call, by name and round
 */
export async function compare(variants, { rounds, warm, sliceMs, concurrency, progress = () => {} }) {
  const names = Object.keys(variants);
  const calls = {};
  for (const name of names) calls[name] = Math.max(concurrency, 16);
  // Warm-up, told apart: it also finds out how many calls a slice takes.
  for (let round = 0; round < warm; round += 1) {
    for (const name of names) {
      const began = performance.now();
      await slice(variants[name], calls[name], concurrency);
      const each = (performance.now() - began) / calls[name];
      const wanted = Math.round(sliceMs / each);
      calls[name] = Math.max(concurrency, Math.min(wanted, calls[name] * 8));
    }
    progress(`warm-up ${round + 1} of ${warm}`);
  }
  const costs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) costs[name].push(await slice(variants[name], calls[name], concurrency));
    progress(`round ${round + 1} of ${rounds}`);
  }
  return costs;
}

/** CPU microseconds a call. */
async function slice({ call, enable, disable }, calls, concurrency) {
  enable?.();
  // A slice pays for its own garbage, not for that of the one before it.
  globalThis.gc?.({ type: 'minor' });
  let left = calls;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  const before = process.cpuUsage();
  if (concurrency === 1) await worker();
  else await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(before);
  disable?.();
  return (user + system) / calls;
}

/**
 * Nanoseconds of work that does not wait, CPU time, median of rounds.
 * @param {() => void} work does `times` of it
 */
export function nanoseconds(work, times, rounds) {
  const found = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    found.push(((user + system) * 1000) / times);
  }
  return { median: median(found), all: found };
}
