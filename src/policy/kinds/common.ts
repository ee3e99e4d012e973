/**
 * Shapes and checks that several kinds share.
 * @source Istio `pkg/config/validation/validation.go` and `agent/validation.go`; spec validation.md §1
 */
import { z } from 'zod';
import { patternFault } from '../../traffic/route/index.js';
import { isDnsLabel, wildcardFault } from './addresses.js';
import { parseDuration } from './duration.js';
import type { FieldPath, Findings } from './kind.js';

export { fqdnFault, isCidr, isDnsLabel, isIp, isIpv4, isIpv6, wildcardFault } from './addresses.js';
export { checkLabels, checkSelectorLabels } from './labels.js';

// -- shapes --

export const duration = z
  .string()
  .refine((text) => parseDuration(text) !== null, 'is not a duration; write e.g. 1.5s, 250ms or 1h');

export const uint = z.int().min(0).max(4_294_967_295);
export const int = z.int().min(-2_147_483_648).max(2_147_483_647);
export const labels = z.record(z.string(), z.string());
export const strings = z.array(z.string());

/** One of four; empty: the value is present. */
export const stringMatch = z.strictObject({
  exact: z.string().optional(),
  prefix: z.string().optional(),
  regex: z.string().optional(),
});
export type StringMatchSpec = z.infer<typeof stringMatch>;

export const portSelector = z.strictObject({ number: z.int() });

export const destination = z.strictObject({
  host: z.string(),
  subset: z.string().optional(),
  port: portSelector.optional(),
});
export type DestinationSpec = z.infer<typeof destination>;

export const workloadSelector = z.strictObject({ matchLabels: labels.optional() });

// -- checks --

/** @param options.zero whether 0 is allowed, which Istio usually refuses */
export function checkDuration(
  text: string | undefined,
  path: FieldPath,
  findings: Findings,
  options: { readonly zero?: boolean } = {},
): void {
  if (text === undefined) return;
  const ms = parseDuration(text);
  if (ms === null) return; // The schema has said so.
  if (ms === 0 && options.zero === true) return;
  if (ms < 1) findings.error(path, `'${text}' is shorter than 1ms`);
  else if (!Number.isInteger(ms)) findings.error(path, `'${text}' is not a whole number of milliseconds`);
}

export function checkPort(port: number | undefined, path: FieldPath, findings: Findings): void {
  if (port !== undefined && (port < 1 || port > 65_535))
    findings.error(path, `${port} is not a port: expected 1 to 65535`);
}

/** An integer percentage. */
export function checkPercent(percent: number | undefined, path: FieldPath, findings: Findings): void {
  if (percent !== undefined && (percent < 0 || percent > 100))
    findings.error(path, `${percent} is not a percentage: expected 0 to 100`);
}

/** A percentage with fractions: Envoy counts in millionths. */
export function checkFraction(percent: number | undefined, path: FieldPath, findings: Findings): void {
  if (percent === undefined || percent === 0) return;
  if (!(percent >= 0.0001 && percent <= 100))
    findings.error(path, `${percent} is not a percentage: expected 0, or 0.0001 to 100`);
}

export function checkStringMatch(
  match: StringMatchSpec,
  path: FieldPath,
  findings: Findings,
  options: { readonly emptyPrefix?: boolean } = {},
): void {
  const kinds = Object.keys(match);
  if (kinds.length > 1) findings.error(path, `only one of ${kinds.join(', ')} can be set`);
  if (match.prefix === '' && options.emptyPrefix !== true)
    findings.error(
      [...path, 'prefix'],
      'an empty prefix matches everything; leave the match out, or name one',
    );
  if (match.regex !== undefined) checkRegex(match.regex, [...path, 'regex'], findings);
}

/** @returns whether it is one */
export function checkRegex(pattern: string, path: FieldPath, findings: Findings): boolean {
  const fault = patternFault(pattern);
  if (fault?.ours) findings.unsupported(path, fault.text);
  else if (fault !== null) findings.error(path, `not a regular expression (RE2): ${fault.text}`);
  return fault === null;
}

export function checkHttpStatus(status: number, path: FieldPath, findings: Findings): void {
  if (status < 200 || status > 600)
    findings.error(path, `${status} is not an HTTP status: expected 200 to 599`);
}

/**
 * @param options.none whether `~` (nobody) is allowed, as on a ServiceEntry only
 * @source Istio `validateExportTo`
 */
export function checkExportTo(
  exportTo: readonly string[] | undefined,
  namespace: string,
  findings: Findings,
  options: { readonly none?: boolean } = {},
): void {
  if (exportTo === undefined) return;
  const path = ['spec', 'exportTo'];
  const none = options.none === true;
  const seen = new Set<string>();
  for (const [index, entry] of exportTo.entries()) {
    const at = [...path, index];
    if (seen.has(entry)) findings.error(at, `'${entry}' is listed twice`);
    seen.add(entry);
    if (entry === '.' || entry === '*' || (none && entry === '~') || isDnsLabel(entry)) continue;
    const words = none ? "'.', '*', '~'" : "'.', '*'";
    findings.error(at, `'${entry}' is not a namespace: expected ${words} or a name`);
  }
  for (const alone of ['*', '~'])
    if (seen.has(alone) && seen.size > 1)
      findings.error(path, `'${alone}' cannot stand beside other entries`);
  if (seen.has('.') && seen.has(namespace))
    findings.error(path, `'.' and '${namespace}' are the same namespace; keep one`);
}

/** A destination may have a wildcard, as a ServiceEntry may; it may not be `*`, nor an address. @source Istio `validateDestination` */
export function checkDestination(target: DestinationSpec, path: FieldPath, findings: Findings): void {
  const fault = target.host === '*' ? 'it would be every host; name one' : wildcardFault(target.host);
  if (fault !== null) findings.error([...path, 'host'], `'${target.host}' is not a host: ${fault}`);
  if (target.subset !== undefined && target.subset !== '' && !isDnsLabel(target.subset))
    findings.error([...path, 'subset'], `'${target.subset}' is not a DNS label`);
  checkPort(target.port?.number, [...path, 'port', 'number'], findings);
}

/** @source RFC 9110 §5.6.2 */
export function isToken(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

/** The 17 names of gRPC. */
export const GRPC_STATUSES: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

export const HTTP_METHODS: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
];
