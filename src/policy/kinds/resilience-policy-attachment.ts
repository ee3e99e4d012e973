/**
 * What a policy of `heddle.dev/v1` is attached to: a host, for the calls that go there, as a DestinationRule; or workloads of its own
 * namespace, for the calls that arrive, as a PeerAuthentication.
 */
import { z } from 'zod';
import {
  checkExportTo,
  checkSelectorLabels,
  isIp,
  strings,
  wildcardFault,
  workloadSelector,
} from './common.js';
import type { FieldPath, Findings } from './kind.js';

export const attachment = {
  /** Short or full name; may start with `*.`. */
  host: z.string().optional(),
  /** Without labels: all workloads of the namespace; of the whole mesh in the root namespace. */
  selector: workloadSelector.optional(),
  exportTo: strings.optional(),
};

interface Attached {
  readonly host?: string | undefined;
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> | undefined } | undefined;
  readonly exportTo?: readonly string[] | undefined;
}

/** @returns which calls it is about; null if it does not say */
export function checkAttachment(spec: Attached, namespace: string, findings: Findings): 'out' | 'in' | null {
  const { host, selector, exportTo } = spec;
  if (host !== undefined && selector !== undefined) {
    findings.error(
      ['spec', 'selector'],
      "'host' is for calls out and 'selector' for calls in: make two resources of it",
    );
    return null;
  }
  if (host !== undefined) {
    const fault = isIp(host) ? null : wildcardFault(host);
    if (fault !== null) findings.error(['spec', 'host'], `'${host}' is not a host: ${fault}`);
    checkExportTo(exportTo, namespace, findings);
    return 'out';
  }
  if (selector === undefined) {
    findings.error(
      ['spec'],
      "it is attached to nothing: set 'host' (calls out) or 'selector' (calls in; '{}' for all workloads of the namespace)",
    );
    return null;
  }
  checkSelectorLabels(selector.matchLabels, ['spec', 'selector', 'matchLabels'], findings);
  if (exportTo !== undefined)
    findings.error(['spec', 'exportTo'], "only a policy with a 'host' is exported; take it out");
  return 'in';
}

/** Fields that mean something for the other direction only. */
export function refuseFields(
  spec: Readonly<Record<string, unknown>>,
  fields: readonly string[],
  hint: string,
  findings: Findings,
): void {
  for (const field of fields)
    if (spec[field] !== undefined) findings.error(['spec', field], `'${field}' is for calls ${hint}`);
}

/** An integer that has to lie between two others. */
export function checkBetween(
  value: number | undefined,
  [least, most]: readonly [least: number, most: number],
  path: FieldPath,
  findings: Findings,
): void {
  if (value !== undefined && (value < least || value > most))
    findings.error(path, `${value} is out of range: expected ${least} to ${most}`);
}
