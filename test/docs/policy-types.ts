/** TypeScript types of every kind, made from the JSON Schemas: the same fields, with the same words as docstrings. */
import { type JsonSchema, KINDS, kindJsonSchema } from 'heddle/policy';

const HEAD = `// Made from the schemas of policy by \`node scripts/docs.mjs --write\`; a change here would be lost.
`;

export const SPECS = 'src/policy/builders/specs';

/** Path to text of every file. */
export function typeFiles(): Readonly<Record<string, string>> {
  const files = KINDS.map(({ kind }) => [`${SPECS}/${kebab(kind)}.ts`, kindTypes(kind)] as const);
  const index = [...KINDS]
    .map(({ kind }) => `export type { ${kind}Spec } from './${kebab(kind)}.js';`)
    .sort((one, other) => (fileIn(one) < fileIn(other) ? -1 : 1));
  return Object.fromEntries([...files, [`${SPECS}/index.ts`, `${HEAD}${index.join('\n')}\n`]]);
}

function fileIn(line: string): string {
  return /'(.*)\.js'/.exec(line)![1]!;
}

function kebab(name: string): string {
  return name.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase();
}

function kindTypes(kind: string): string {
  const { spec } = (kindJsonSchema(kind) as { properties: { spec: JsonSchema } }).properties;
  const types = new Types(kind);
  types.add(`${kind}Spec`, spec, kind, `What a ${kind} says.`);
  return `${HEAD}\n${types.texts.join('\n')}`;
}

class Types {
  readonly texts: string[] = [];
  readonly #kind: string;
  /** Names by shape: one that comes again has one type. */
  readonly #known = new Map<string, string>();

  constructor(kind: string) {
    this.#kind = kind;
  }

  add(name: string, schema: JsonSchema, prefix: string, about?: string): string {
    const shape = JSON.stringify(schema, (key, value) =>
      key === 'description' || key === 'default' ? undefined : value,
    );
    const known = this.#known.get(shape);
    if (known !== undefined) return known;
    this.#known.set(shape, name);
    const place = this.texts.push('') - 1;
    const required = (schema.required ?? []) as readonly string[];
    const fields = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(
      ([field, inner]) => {
        const type = this.#typeOf(inner, prefix + capital(field));
        const mark = required.includes(field) ? '' : '?';
        return `${comment(inner.description, '  ')}${line(`readonly ${field}${mark}`, type)}`;
      },
    );
    const open = isOpen(schema) ? ['  readonly [field: string]: unknown;\n'] : [];
    this.texts[place] =
      `${comment(about, '')}export interface ${name} {\n${[...fields, ...open].join('')}}\n`;
    return name;
  }

  #typeOf(schema: JsonSchema, name: string): string {
    if (Array.isArray(schema.anyOf))
      return schema.anyOf.map((one: JsonSchema) => this.#typeOf(one, name)).join(' | ');
    if (Array.isArray(schema.enum)) return schema.enum.map((value) => `'${String(value)}'`).join(' | ');
    switch (schema.type) {
      case 'string':
      case 'boolean':
        return schema.type;
      case 'integer':
      case 'number':
        return 'number';
      case 'array': {
        const item = this.#typeOf(schema.items as JsonSchema, singular(name));
        return `readonly ${item.includes(' ') ? `(${item})` : item}[]`;
      }
      case 'object':
        // To be there is all that it can say.
        if (Object.keys(schema.properties ?? { any: true }).length === 0 && !isOpen(schema))
          return 'Readonly<Record<string, never>>';
        if (schema.properties !== undefined)
          return this.add(isMatch(schema) ? `${this.#kind}StringMatch` : name, schema, name);
        return `Readonly<Record<string, ${this.#typeOf(schema.additionalProperties as JsonSchema, singular(name))}>>`;
      default:
        return 'unknown';
    }
  }
}

function isMatch({ properties }: JsonSchema): boolean {
  return Object.keys(properties as object).join() === 'exact,prefix,regex';
}

function isOpen({ additionalProperties }: JsonSchema): boolean {
  return typeof additionalProperties === 'object';
}

const WIDTH = 110;

function line(field: string, type: string): string {
  const flat = `  ${field}: ${type};\n`;
  if (flat.length <= WIDTH + 1) return flat;
  const parts = type.split(' | ');
  return parts.length === 1
    ? `  ${field}:\n    ${type};\n`
    : `  ${field}:\n${parts.map((part) => `    | ${part}`).join('\n')};\n`;
}

function comment(text: unknown, indent: string): string {
  if (typeof text !== 'string') return '';
  const safe = text.replaceAll('*/', '*\\/');
  if (`${indent}/** ${safe} */`.length <= WIDTH) return `${indent}/** ${safe} */\n`;
  const lines = [''];
  for (const word of safe.split(' ')) {
    const last = lines.at(-1)!;
    if (`${indent} * ${last} ${word}`.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return `${indent}/**\n${lines.map((one) => `${indent} * ${one}\n`).join('')}${indent} */\n`;
}

function capital(name: string): string {
  return name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}

function singular(name: string): string {
  if (/(Tls|Sans|Status)$/.test(name)) return name;
  if (name.endsWith('uses')) return name.slice(0, -2);
  return name.replace(/ies$/, 'y').replace(/([^s])s$/, '$1');
}
