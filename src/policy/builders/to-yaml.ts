import { stringify } from 'yaml';
import type { Resource } from '../resource.js';

/**
 * Resources as YAML, a document each, as `heddle apply` and `kubectl` read it.
 * @example toYaml([gateway({ name: 'edge' })]); // => 'apiVersion: networking.istio.io/v1\nkind: Gateway\n…'
 */
export function toYaml(resources: readonly Resource[]): string {
  return resources
    .map((resource) => stringify(resource, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}
