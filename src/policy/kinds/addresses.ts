/**
 * DNS names, IP addresses and ranges, told apart by hand: this runs where there is no `node:net`.
 * @source Kubernetes `apimachinery/pkg/util/validation` (DNS-1123); Istio `agent/validation.go` ValidateFQDN, ValidateWildcardDomain
 */

import { parseIp, parseSubnet } from '../../base/ip.js';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i;

export function isDnsLabel(text: string): boolean {
  return LABEL.test(text);
}

export function isIp(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

export function isIpv4(text: string): boolean {
  return !/[:%]/.test(text) && parseIp(text) !== null;
}

export function isIpv6(text: string): boolean {
  return text.includes(':') && !text.includes('%') && parseIp(text) !== null;
}

/** `10.0.0.0/8`. */
export function isCidr(text: string): boolean {
  return text.includes('/') && parseSubnet(text) !== null;
}

/** What is wrong with a full name, or null. */
export function fqdnFault(host: string): string | null {
  return lengthFault(host) ?? labelsFault(host);
}

/**
 * What is wrong with a name whose first label may be `*` or start with it (`*.a`, `*-x.a`, `*x.a`); null: nothing. Addresses are
 * wrong: their last label is a number. So is Istio's own check, which takes a lone number for a name.
 */
export function wildcardFault(host: string): string | null {
  const fault = lengthFault(host);
  if (fault !== null) return fault;
  const dot = host.indexOf('.');
  const first = dot < 0 ? host : host.slice(0, dot);
  if (first.length > 63 || !WILDCARD_LABEL.test(first))
    return `'${first}' is not a DNS label, nor one that starts with '*'`;
  return dot < 0 ? null : labelsFault(host.slice(dot + 1));
}

/** A first label: `*`, or a label with `*` or `*-` before it. */
const WILDCARD_LABEL = /^(?:\*|(?:\*-?)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)$/i;

/** What is wrong with the length of a name, or null. */
export function lengthFault(host: string): string | null {
  if (host === '') return 'it is empty';
  return host.length > 255 ? 'it is longer than 255 characters' : null;
}

/** The last label may be empty: `a.example.` is a name written to its end. */
function labelsFault(name: string): string | null {
  const parts = name.split('.');
  if (/^\d+$/.test(parts.at(-1)!)) return 'its top-level domain is all digits';
  for (const [index, part] of parts.entries()) {
    if (part === '' && index === parts.length - 1) return null;
    if (part.includes('*')) return "'*' may only begin the left-most label";
    if (!isDnsLabel(part)) return `'${part}' is not a DNS label (a-z, 0-9 and -, at most 63 characters)`;
  }
  return null;
}
