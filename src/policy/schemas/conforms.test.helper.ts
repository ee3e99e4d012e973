/** As much of JSON Schema (draft 07) as the schemas of policy use. A keyword that it does not know is an error of the test. */
import assert from 'node:assert/strict';
import type { JsonSchema } from './json-schema.js';

const SAID = new Set([
  '$schema',
  'title',
  'description',
  'default',
  'definitions',
  'format',
  'contentEncoding',
]);

/** What is wrong, a line each. */
export function conforms(schema: JsonSchema, value: unknown, root = schema, path = ''): string[] {
  const found: string[] = [];
  const fail = (text: string) => void found.push(`${path}: ${text}`);
  for (const [keyword, said] of Object.entries(schema)) {
    if (SAID.has(keyword)) continue;
    const check = KEYWORDS[keyword];
    assert.ok(check !== undefined, `keyword ${keyword} at ${path}`);
    check(said as never, value, {
      fail,
      schema,
      within: (inner, part, at) => void found.push(...conforms(inner, part, root, `${path}${at}`)),
      matches: (inner) => conforms(inner, value, root, path),
      root,
    });
  }
  return found;
}

interface Scope {
  fail(text: string): void;
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
  within(schema: JsonSchema, value: unknown, at: string): void;
  matches(schema: JsonSchema): string[];
}

type Check = (said: never, value: unknown, scope: Scope) => void;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const KEYWORDS: Readonly<Record<string, Check>> = {
  type: (said: string | string[], value, { fail }) => {
    const types = Array.isArray(said) ? said : [said];
    if (!types.some((type) => isType(type, value))) fail(`is no ${types.join(' or ')}`);
  },
  const: (said: unknown, value, { fail }) => void (value === said || fail(`is not ${String(said)}`)),
  enum: (said: unknown[], value, { fail }) =>
    void (said.includes(value) || fail(`is none of ${said.join(', ')}`)),
  pattern: (said: string, value, { fail }) =>
    void (typeof value !== 'string' || new RegExp(said, 'u').test(value) || fail(`does not match ${said}`)),
  minimum: (said: number, value, { fail }) =>
    void (typeof value !== 'number' || value >= said || fail('is too small')),
  maximum: (said: number, value, { fail }) =>
    void (typeof value !== 'number' || value <= said || fail('is too large')),
  exclusiveMaximum: (said: number, value, { fail }) =>
    void (typeof value !== 'number' || value < said || fail('is too large')),
  minLength: (said: number, value, { fail }) =>
    void (typeof value !== 'string' || value.length >= said || fail('is too short')),
  required: (said: string[], value, { fail }) => {
    if (isObject(value)) for (const name of said) if (!Object.hasOwn(value, name)) fail(`${name} is missing`);
  },
  properties: (said: Record<string, JsonSchema>, value, { within }) => {
    if (isObject(value))
      for (const [name, inner] of Object.entries(said))
        if (Object.hasOwn(value, name)) within(inner, value[name], `.${name}`);
  },
  additionalProperties: (said: false | JsonSchema, value, { fail, schema, within }) => {
    if (!isObject(value)) return;
    const known = Object.keys((schema.properties ?? {}) as object);
    for (const [name, inner] of Object.entries(value))
      if (known.includes(name)) continue;
      else if (said === false) fail(`${name} is not known`);
      else within(said, inner, `.${name}`);
  },
  items: (said: JsonSchema, value, { within }) => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) within(said, item, `[${index}]`);
  },
  anyOf: (said: JsonSchema[], _value, { fail, matches }) => {
    const all = said.map(matches);
    if (!all.some((found) => found.length === 0)) fail(`fits no shape: ${all.flat().join('; ')}`);
  },
  oneOf: (said: JsonSchema[], _value, { fail, matches }) => {
    const fits = said.filter((one) => matches(one).length === 0);
    if (fits.length !== 1) fail(`fits ${fits.length} shapes`);
  },
  $ref: (said: string, _value, { root, matches, fail }) => {
    const definitions = root.definitions as Readonly<Record<string, JsonSchema>>;
    for (const text of matches(definitions[said.replace('#/definitions/', '')]!)) fail(text);
  },
};

function isType(type: string, value: unknown): boolean {
  if (type === 'object') return isObject(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return type === 'null' ? value === null : typeof value === type;
}
