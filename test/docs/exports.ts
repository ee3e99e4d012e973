/** What every entry point exports, by the compiler's account: a change of the surface is a change of this list. */
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT, read } from './markdown.js';

export interface EntryPoint {
  /** `heddle/policy`. */
  readonly name: string;
  /** Names that exist when the code runs. */
  readonly values: readonly string[];
  /** Names of types alone. */
  readonly types: readonly string[];
}

/** Folders of what is published. */
const PACKAGES = [
  '.',
  'packages/control',
  'packages/cli',
  'packages/telemetry',
  'packages/testkit',
  'packages/fastify',
  'packages/koa',
  'packages/hono',
];

export function entryPoints(): EntryPoint[] {
  const targets = PACKAGES.flatMap((folder) => {
    const { name, exports } = JSON.parse(read(join(folder, 'package.json'))) as {
      name: string;
      exports: Record<string, string | { types: string }>;
    };
    return Object.entries(exports).flatMap(([path, target]) =>
      typeof target === 'string'
        ? []
        : [{ name: name + path.slice(1), file: join(ROOT, folder, target.types) }],
    );
  });
  const options = { module: ts.ModuleKind.NodeNext, noLib: true, types: [], skipLibCheck: true };
  const program = ts.createProgram(
    targets.map(({ file }) => file),
    options,
  );
  const checker = program.getTypeChecker();
  return targets.map(({ name, file }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    const values: string[] = [];
    const types: string[] = [];
    for (const exported of checker.getExportsOfModule(module)) {
      const { flags } = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      (flags & ts.SymbolFlags.Value && !isTypeOnly(exported) ? values : types).push(exported.name);
    }
    return { name, values: values.sort(), types: types.sort() };
  });
}

/** `export type { X }` of a class. */
function isTypeOnly({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some(
    (one) => ts.isExportSpecifier(one) && (one.isTypeOnly || one.parent.parent.isTypeOnly),
  );
}
