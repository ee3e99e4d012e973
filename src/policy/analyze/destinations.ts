/** Every place where a VirtualService sends calls. */
import type { DestinationSpec } from '../kinds/common.js';
import type { FieldPath } from '../kinds/kind.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { fullName } from '../resolve/names.js';
import type { Subject } from './world.js';

export interface DestinationUse {
  readonly path: FieldPath;
  /** As written. */
  readonly target: DestinationSpec;
  /** In full. */
  readonly host: string;
}

/** Destinations of routes and mirrors, in the order in which they were written. */
export function destinationsOf(subject: Subject<VirtualServiceSpec>): DestinationUse[] {
  const found: DestinationUse[] = [];
  const add = (target: DestinationSpec | undefined, path: FieldPath) => {
    if (target !== undefined)
      found.push({ target, path, host: fullName(target.host, subject.metadata.namespace) });
  };
  for (const [index, rule] of (subject.spec.http ?? []).entries()) {
    const at = ['spec', 'http', index];
    for (const [place, { destination }] of (rule.route ?? []).entries())
      add(destination, [...at, 'route', place, 'destination']);
    add(rule.mirror, [...at, 'mirror']);
    for (const [place, { destination }] of (rule.mirrors ?? []).entries())
      add(destination, [...at, 'mirrors', place, 'destination']);
  }
  return found;
}
