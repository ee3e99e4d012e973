/** Every place where a VirtualService sends calls. */
import type { DestinationSpec } from '../kinds/common.js';
import type { FieldPath } from '../kinds/kind.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { fullName } from '../resolve/names.js';
import type { Typed } from '../resolve/typed.js';

export interface DestinationUse {
  readonly path: FieldPath;
  /** As written. */
  readonly target: DestinationSpec;
  /** In full. */
  readonly host: string;
}

/** Destinations of routes and mirrors, in the order in which they were written. */
export function destinationsOf(subject: Typed<VirtualServiceSpec>): DestinationUse[] {
  const found: DestinationUse[] = [];
  const add = (target: DestinationSpec | undefined, path: FieldPath) => {
    if (target !== undefined)
      found.push({ target, path, host: fullName(target.host, subject.metadata.namespace) });
  };
  for (const part of ['http', 'tls', 'tcp'] as const)
    for (const [index, rule] of (subject.spec[part] ?? []).entries())
      for (const [place, { destination }] of (rule.route ?? []).entries())
        add(destination, ['spec', part, index, 'route', place, 'destination']);
  for (const [index, rule] of (subject.spec.http ?? []).entries()) {
    add(rule.mirror, ['spec', 'http', index, 'mirror']);
    for (const [place, { destination }] of (rule.mirrors ?? []).entries())
      add(destination, ['spec', 'http', index, 'mirrors', place, 'destination']);
  }
  return found;
}
