/** Who may import whom (docs/architecture.md), and where the platform's time, chance and environment may be asked. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Left never imports right. */
const LAYERS: readonly (readonly string[])[] = [
  ['base'],
  ['model'],
  ['ports'],
  ['traffic', 'security', 'observability'],
  ['policy'],
  ['outbound', 'inbound'],
  ['adapters'],
  ['mesh', 'settings'],
  ['auto'],
  ['index'],
];
/** Folders whose sub-folders are features: siblings know nothing of each other but their pure files. */
const FEATURE_PARENTS = ['traffic', 'security', 'observability'];
/** The exception: identity is a chain, each link made of those before it. */
const IDENTITY = ['certificate', 'bundle', 'svid', 'tls'];
const PLATFORM = /\b(Date\.now|performance\.now|Math\.random|setTimeout|setInterval|process\.env)\b/;
/**
 * `auto/index.ts` is a main file: it hands its process's environment on. `socket-like.ts` and `stream-socket.ts` have a method
 * `setTimeout` as sockets do; their time is a Clock's, and the stream's.
 */
const ASKS_PLATFORM = [
  /^base\//,
  /^settings\.ts$/,
  /^mesh\.ts$/,
  /^auto\/index\.ts$/,
  /^adapters\/http-agent\/socket-like\.ts$/,
  /^adapters\/http2-server\/stream-socket\.ts$/,
];

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
  /** Without those that only types need: these are there when the code runs. */
  readonly runtime: readonly string[];
}

function sourcesOf(folder: string): Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules') && !file.startsWith('dist'))
    .map((path) => {
      const text = readFileSync(join(ROOT, folder, path), 'utf8');
      const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
      return { path, text: code, imports: importsIn(code), runtime: importsIn(withoutTypes(code)) };
    });
}

function importsIn(code: string): string[] {
  return [...code.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

function withoutTypes(code: string): string {
  return code.replace(/^(import|export) type [^;]*;/gm, '');
}

const all = sourcesOf('src');
const product = all.filter(({ path }) => !path.includes('.test.') && !path.endsWith('/testing.ts'));

function layerOf(path: string): number {
  const top = path.split('/')[0]!.replace(/\.ts$/, '');
  return LAYERS.findIndex((names) => names.includes(top));
}

function targetOf(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(join(ROOT, 'src'), resolve(ROOT, 'src', dirname(from), specifier)).replace(/\.js$/, '.ts');
}

test('every file of src belongs to a layer', () => {
  assert.ok(product.length > 50);
  assert.deepEqual(
    product.filter(({ path }) => layerOf(path) < 0).map(({ path }) => path),
    [],
  );
});

test('a layer imports only from layers on its left, and outbound and inbound not from each other', () => {
  const wrong: string[] = [];
  for (const { path, imports } of product) {
    for (const specifier of imports) {
      const target = targetOf(path, specifier);
      if (target === undefined) continue;
      const [from, to] = [layerOf(path), layerOf(target)];
      const [fromTop, toTop] = [path.split('/')[0], target.split('/')[0]];
      if (to > from || (to === from && fromTop !== toTop && from < 7))
        wrong.push(`${path} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('a feature folder imports nothing of its siblings but their policy.ts and decide.ts; identity is a chain', () => {
  const wrong: string[] = [];
  for (const { path, imports } of product) {
    const [parent, feature, file] = path.split('/');
    if (!FEATURE_PARENTS.includes(parent!) || file === undefined) continue;
    for (const specifier of imports) {
      const target = targetOf(path, specifier);
      const [toParent, toFeature, toFile] = target?.split('/') ?? [];
      // What stands beside the feature folders is for all of them.
      if (toParent === undefined || !FEATURE_PARENTS.includes(toParent) || toFile === undefined) continue;
      if (`${toParent}/${toFeature}` === `${parent}/${feature}`) continue;
      if (toFile === 'policy.ts' || toFile === 'decide.ts') continue;
      const [link, before] = [IDENTITY.indexOf(feature!), IDENTITY.indexOf(toFeature!)];
      if (parent === 'security' && toParent === 'security' && before >= 0 && before < link) continue;
      wrong.push(`${path} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('there is no import cycle when the code runs', () => {
  const graph = new Map(
    product.map(({ path, runtime }) => [
      path,
      runtime.map((specifier) => targetOf(path, specifier)).filter((target) => target !== undefined),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  assert.deepEqual(cycles, []);
});

test('policy, policy.ts and decide.ts run anywhere: no node: module, no state of a process', () => {
  const pure = product.filter(
    ({ path }) => path.startsWith('policy/') || /\/(policy|decide)\.ts$/.test(path),
  );
  const wrong = pure.flatMap(({ path, imports }) =>
    imports
      .filter((specifier) => specifier.startsWith('node:') || /\/(state|filter)\.js$/.test(specifier))
      .map((specifier) => `${path} imports ${specifier}`),
  );
  assert.deepEqual(wrong, []);
});

test('time, chance and the environment are asked for in base, settings and mesh only', () => {
  const wrong = product
    .filter(({ path }) => !ASKS_PLATFORM.some((allowed) => allowed.test(path)))
    .filter(({ text }) => PLATFORM.test(text))
    .map(({ path, text }) => `${path}: ${PLATFORM.exec(text)?.[0]}`);
  assert.deepEqual(wrong, []);
});

test('packages and examples see only published entry points', () => {
  const allowed = /^(heddle(\/(policy|ports|security|observability))?|@heddle\/[a-z-]+)$/;
  const wrong: string[] = [];
  for (const parent of ['packages', 'examples']) {
    for (const name of readdirSync(join(ROOT, parent))) {
      for (const { path, imports } of sourcesOf(join(parent, name))) {
        for (const specifier of imports) {
          const inside =
            specifier.startsWith('.') &&
            !relative(
              join(ROOT, parent, name),
              resolve(ROOT, parent, name, dirname(path), specifier),
            ).startsWith('..');
          const heddle = specifier.startsWith('heddle') || specifier.startsWith('@heddle/');
          if (specifier.startsWith('.') ? !inside : heddle && !allowed.test(specifier)) {
            wrong.push(`${parent}/${name}/${path} imports ${specifier}`);
          }
        }
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('only adapters import undici', () => {
  const importers = product.filter(({ runtime }) => runtime.includes('undici')).map(({ path }) => path);
  assert.deepEqual(
    importers.filter((path) => !path.startsWith('adapters/')),
    [],
  );
});
