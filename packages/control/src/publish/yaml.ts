/** Resources as YAML documents. */
import type { Resource } from 'heddle/policy';
import { stringify } from 'yaml';

export function toYaml(resources: readonly Resource[]): string {
  return resources
    .map((resource) => stringify(resource, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}
