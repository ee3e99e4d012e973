/** Files that are made as a whole, by path. */
import { policyJsonSchema } from 'heddle/policy';
import { typeFiles } from './policy-types.js';

export function generatedFiles(): Readonly<Record<string, string>> {
  return { ...typeFiles(), 'schemas/heddle.schema.json': schemaFile() };
}

/** A kind a line: short enough to ship, and a change shows which kind it is about. */
function schemaFile(): string {
  const { definitions, ...rest } = policyJsonSchema();
  const kinds = Object.entries(definitions as Record<string, unknown>).map(
    ([kind, schema]) => `    ${JSON.stringify(kind)}: ${JSON.stringify(schema)}`,
  );
  const head = JSON.stringify(rest, null, 2).replace(/\n}$/, '');
  return `${head},\n  "definitions": {\n${kinds.join(',\n')}\n  }\n}\n`;
}
