/** Which of a name's addresses this machine can reach, by the addresses that it has itself. */
import { isIP } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

type Interfaces = NodeJS.Dict<readonly Pick<NetworkInterfaceInfo, 'address' | 'internal'>[]>;

/**
 * Without those of a family in which the machine has no address that others could reach, unless there are no others: a call to one of
 * them would fail before it is sent.
 * @source Istio, which has Envoy ask for IPv4 alone where the workload has no IPv6 address
 */
export function reachableAddresses(addresses: readonly string[], interfaces: Interfaces): readonly string[] {
  const families = new Set<number>();
  for (const list of Object.values(interfaces))
    for (const { address, internal } of list ?? [])
      if (!internal && !isLinkLocal(address)) families.add(isIP(address));
  const reachable = addresses.filter((address) => families.has(isIP(address)));
  return reachable.length > 0 ? reachable : addresses;
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]|^169\.254\./i.test(address);
}
