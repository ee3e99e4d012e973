/** In words: why a rule for connections did not take one. */

import { contains } from '../../base/ip.js';
import type { CompiledConnectionRoute } from './compile.js';
import type { ConnectionFacts } from './decide.js';

/** null: all that the rule asks for holds; if it was not taken, another one asks for something more specific. */
export function describeConnectionMismatch(
  route: CompiledConnectionRoute,
  facts: ConnectionFacts,
): string | null {
  const { match } = route.effective;
  if (match?.port !== undefined && match.port !== facts.port)
    return `port is ${facts.port}, expected ${match.port}`;
  if (route.subnets.length > 0) {
    const expected = `expected an address of ${match!.destinationSubnets!.join(' or ')}`;
    if (facts.destination === null) return `the destination's address is not known, ${expected}`;
    if (!route.subnets.some((subnet) => contains(subnet, facts.destination!)))
      return `the destination's address is another, ${expected}`;
  }
  if (route.names.length > 0 && !route.names.some((name) => covers(name, facts.sni))) {
    const found = facts.sni === null ? 'absent' : JSON.stringify(facts.sni);
    return `the server name (SNI) is ${found}, expected ${route.names.map((name) => JSON.stringify(name)).join(' or ')}`;
  }
  return null;
}

function covers(name: string, sni: string | null): boolean {
  if (sni === null) return false;
  if (!name.startsWith('*')) return name === sni;
  return sni.length > name.length - 1 && sni.endsWith(name.slice(1));
}
