/** Kinds as people type them: `VirtualService`, `virtualservices`, `vs`. */
import { InvalidArgumentError } from 'commander';
import { KINDS } from 'heddle/policy';

/** @source Istio's CRDs (`shortNames`); ours for the rest */
const SHORT: Readonly<Record<string, string>> = {
  vs: 'VirtualService',
  dr: 'DestinationRule',
  se: 'ServiceEntry',
  gw: 'Gateway',
  we: 'WorkloadEntry',
  wg: 'WorkloadGroup',
  pa: 'PeerAuthentication',
  ra: 'RequestAuthentication',
  ap: 'AuthorizationPolicy',
  svc: 'Service',
  rp: 'ResiliencePolicy',
  rl: 'RateLimit',
  mc: 'MeshConfig',
};

/** @throws InvalidArgumentError that lists the kinds there are */
export function parseKind(text: string): string {
  const names = KINDS.map(({ kind }) => kind);
  const wanted = text.toLowerCase();
  const found = names.find((kind) => {
    const name = kind.toLowerCase();
    return [name, plural(name)].includes(wanted) || SHORT[wanted] === kind;
  });
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`The kinds are ${names.map(withShort).join(', ')}.`);
}

export const KIND_NAMES: readonly string[] = KINDS.map(({ kind }) => kind);

function withShort(kind: string): string {
  const short = Object.keys(SHORT).find((key) => SHORT[key] === kind);
  return short === undefined ? kind : `${kind} (${short})`;
}

function plural(name: string): string {
  return name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`;
}
