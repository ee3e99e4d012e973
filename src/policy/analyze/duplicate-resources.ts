/** HDL0004: one resource written twice. Which of the two would be in force depends on the order of files, so neither is taken. */
import type { ParsedResource } from '../parse.js';
import type { Analyzer } from './world.js';

export const duplicateResources: Analyzer = (world, report) => {
  const first = new Map<string, ParsedResource>();
  for (const parsed of world.asked) {
    const { apiVersion, kind, metadata } = parsed.resource;
    const group = apiVersion.slice(0, Math.max(0, apiVersion.lastIndexOf('/')));
    const key = `${group} ${kind} ${metadata.namespace}/${metadata.name}`;
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, parsed);
      continue;
    }
    const { file, line } = earlier.origin(['metadata', 'name']);
    report(
      { parsed },
      {
        code: 'HDL0004',
        level: 'error',
        path: ['metadata', 'name'],
        message: `${kind} ${metadata.namespace}/${metadata.name} was written before, at ${file}:${line}; rename or remove one`,
      },
    );
  }
};
