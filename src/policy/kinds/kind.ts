/**
 * A kind of resource: its schema in Istio's own shape, and the checks that a schema cannot say. Completing the policy language is
 * adding files beside this one.
 */
import type { z } from 'zod';
import type { ResourceMetadata } from '../resource.js';

/** Of a field within a document: `['spec', 'http', 0, 'route']`. */
export type FieldPath = readonly (string | number)[];

/** Collects all that is wrong with a resource; never stops at the first finding. */
export interface Findings {
  error(path: FieldPath, message: string): void;
  /** @param code `IST0133` unless Istio has one of its own for this */
  warning(path: FieldPath, message: string, code?: string): void;
  /** What Istio accepts without a word and what has no effect here: `HDL0006`. */
  info(path: FieldPath, message: string): void;
  /** What Istio accepts and Heddle does not do, so that the resource is refused: `HDL0007`. @param message says why, and what to do */
  unsupported(path: FieldPath, message: string): void;
}

export interface KindDefinition<Spec = unknown> {
  /** e.g. `VirtualService`. */
  readonly kind: string;
  /** e.g. `networking.istio.io`. */
  readonly group: string;
  /** Newest first, e.g. `['v1', 'v1beta1', 'v1alpha3']`. */
  readonly versions: readonly string[];
  /** Shape and types; strict, so that a misspelt field is an error. */
  readonly schema: z.ZodType<Spec>;
  /** What the schema cannot say. Paths start at `spec`. */
  check(spec: Spec, findings: Findings, metadata: ResourceMetadata): void;
}

/** `spec.http[0].route[1].weight`; a field without a name is `[""]`. */
export function formatPath(path: FieldPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (part === '') text += '[""]';
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}
