/**
 * DNS names, IP addresses and ranges, told apart by hand: this runs where there is no `node:net`.
 * @source Kubernetes `apimachinery/pkg/util/validation` (DNS-1123); Istio `agent/validation.go` ValidateFQDN, ValidateWildcardDomain
 */

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i;

export function isDnsLabel(text: string): boolean {
  return LABEL.test(text);
}

export function isIp(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

export function isIpv6(text: string): boolean {
  if (!text.includes(':') || text.length > 45) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [half, part] of halves.entries()) {
    if (part === '') continue;
    const pieces = part.split(':');
    for (const [index, piece] of pieces.entries()) {
      const last = half === halves.length - 1 && index === pieces.length - 1;
      if (/^[0-9a-f]{1,4}$/i.test(piece)) groups += 1;
      else if (last && isIpv4(piece)) groups += 2;
      else return false;
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}

/** `10.0.0.0/8`. */
export function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0) return false;
  const address = text.slice(0, slash);
  const bits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(bits)) return false;
  return isIpv4(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128;
}

/** What is wrong with a full name, or null. */
export function fqdnFault(host: string): string | null {
  if (host === '') return 'it is empty';
  if (host.length > 255) return 'it is longer than 255 characters';
  const parts = host.replace(/\.$/, '').split('.');
  for (const part of parts)
    if (!isDnsLabel(part)) return `'${part}' is not a DNS label (a-z, 0-9 and -, at most 63 characters)`;
  return /^\d+$/.test(parts.at(-1)!) && parts.length > 1 ? 'its top-level domain is all digits' : null;
}

/** What is wrong with a name that may start with `*.`, or be `*`; null: nothing. */
export function wildcardFault(host: string): string | null {
  if (host === '') return 'it is empty';
  if (host === '*') return null;
  const rest = host.startsWith('*.') ? host.slice(2) : host;
  return rest.includes('*') ? "'*' may only be the whole left-most label" : fqdnFault(rest);
}
