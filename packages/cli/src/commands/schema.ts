import { Argument, Command, InvalidArgumentError } from 'commander';
import { kindJsonSchema, policyJsonSchema, SCHEMA_KINDS } from 'heddle/policy';
import { type Context, teach } from '../context.js';
import { parseKind } from '../kinds.js';

export function schemaCommand(context: Context): Command {
  const command = new Command('schema')
    .description('Print the JSON Schema of policy, by which editors check and complete YAML.')
    .addArgument(new Argument('[kind]', 'of one kind; left out: of all').argParser(parseSchemaKind))
    .action((kind: string | undefined) =>
      context.printJson(kind === undefined ? policyJsonSchema() : kindJsonSchema(kind)),
    );
  return teach(command, [
    [
      'heddle schema > heddle.schema.json',
      'then in YAML: # yaml-language-server: $schema=heddle.schema.json',
    ],
    ['heddle schema VirtualService', 'of one kind'],
  ]);
}

/** The kinds of policy as everywhere, and policy tests. */
function parseSchemaKind(text: string): string {
  const found = SCHEMA_KINDS.find((kind) =>
    [kind, `${kind}s`].some((name) => name.toLowerCase() === text.toLowerCase()),
  );
  try {
    return found ?? parseKind(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(`${error.message.replace(/\.$/, '')}, PolicyTest.`);
  }
}
