/** CommonJS files of the application, changed as they are loaded, whichever copy of their package they belong to. */
import Module, { createRequire } from 'node:module';
import { sep } from 'node:path';

type Load = (this: unknown, module: { exports: unknown }, path: string) => void;

/**
 * Calls `change` with what each file of CommonJS exports whose path ends with `ending`, before whoever asked for it sees it; at once for
 * those that are loaded already. ES modules that import such a file get it the same way.
 * @param ending with slashes
 */
export function onFile(ending: string, change: (exports: unknown) => void): void {
  const wanted = ending.replaceAll('/', sep);
  for (const [path, module] of Object.entries(createRequire(import.meta.url).cache))
    if (path.endsWith(wanted) && module?.loaded) change(module.exports);
  // Public in all but its types: what each loader of the application builds on.
  const { _extensions: extensions } = Module as unknown as { readonly _extensions: Record<string, Load> };
  const load = extensions['.js']!;
  extensions['.js'] = function (this: unknown, module, path) {
    Reflect.apply(load, this, [module, path]);
    if (path.endsWith(wanted)) change(module.exports);
  };
}
