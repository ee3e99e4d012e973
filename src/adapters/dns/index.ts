/** Names as this machine finds them: its hosts file first, then DNS, whose answers say how long they are good. */
import { lookup, Resolver } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { NameResolver, ResolvedName } from '../../ports/name-resolver.js';
import { reachableAddresses } from './families.js';

/** How long the question after the time to live may take: an answer without it is good enough. */
const TTL_TIMEOUT_MS = 2_000;

export const systemNames: NameResolver = {
  async resolve(name) {
    const [found, ttlMs] = await Promise.all([lookup(name, { all: true, order: 'verbatim' }), ttlOf(name)]);
    const addresses = found.map(({ address }) => address);
    return { addresses: reachableAddresses(addresses, networkInterfaces()), ttlMs } satisfies ResolvedName;
  },
};

/** The shortest of its records'; null where DNS does not know the name, as with one from a hosts file. */
async function ttlOf(name: string): Promise<number | null> {
  const resolver = new Resolver({ timeout: TTL_TIMEOUT_MS, tries: 1 });
  const answers = await Promise.allSettled([
    resolver.resolve4(name, { ttl: true }),
    resolver.resolve6(name, { ttl: true }),
  ]);
  const seconds = answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? answer.value.map(({ ttl }) => ttl) : [],
  );
  return seconds.length === 0 ? null : Math.min(...seconds) * 1_000;
}
