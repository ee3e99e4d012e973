/** Values of variables and options, each checked against what its setting takes. */
import { MeshError } from '../base/errors.js';
import { OTHERS, VARIABLES } from './variables.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One look at the environment; remembers nothing but where it looked. An option stands for the variable of the same meaning. */
export class Reader {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** undefined if unset or empty. */
  text(name: string, option?: string): string | undefined {
    const value = (option ?? this.#environment[name])?.trim();
    return value === '' ? undefined : value;
  }

  /** A DNS label, as Kubernetes names are. */
  name(name: string, option?: string): string | undefined {
    const value = this.text(name, option);
    if (value !== undefined && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) {
      throw invalid(name, value, 'a DNS label: a-z, 0-9 and -, at most 63');
    }
    return value;
  }

  number(name: string, least: number, most: number, option?: number): number | undefined {
    const value = this.text(name, option?.toString());
    if (value === undefined) return undefined;
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most) {
      throw invalid(name, value, `a whole number from ${least} to ${most}`);
    }
    return number;
  }

  oneOf<const T extends string>(name: string, values: readonly T[], option?: T): T | undefined {
    const value = this.text(name, option);
    if (value === undefined) return undefined;
    const found = values.find((one) => one.toLowerCase() === value.toLowerCase());
    if (found === undefined) throw invalid(name, value, `one of ${values.join(', ')}`);
    return found;
  }

  list(name: string): readonly string[] | undefined {
    const items = this.text(name)
      ?.split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    return items === undefined || items.length === 0 ? undefined : items;
  }

  trustDomains(name: string, option?: readonly string[]): readonly string[] {
    const domains = option ?? this.list(name) ?? [];
    for (const domain of domains)
      if (!/^[a-z0-9._-]{1,255}$/.test(domain))
        throw invalid(name, domain, 'trust domains such as cluster.local, in lower case');
    return domains;
  }

  labels(name: string): Record<string, string> {
    const labels: Record<string, string> = {};
    for (const pair of this.list(name) ?? []) {
      const equals = pair.indexOf('=');
      if (equals < 1) throw invalid(name, pair, '`key=value` pairs with commas between them');
      labels[pair.slice(0, equals)] = pair.slice(equals + 1);
    }
    return labels;
  }

  file(name: string, readFile: (path: string) => string, option?: string): string | undefined {
    const path = this.text(name, option);
    if (path === undefined) return undefined;
    try {
      return readFile(path).trim();
    } catch (cause) {
      throw invalid(name, path, `a file that can be read (${(cause as Error).message})`);
    }
  }

  unknown(): readonly string[] {
    const known = new Set(VARIABLES.map((variable) => variable.name));
    return Object.keys(this.#environment)
      .filter((name) => name.startsWith('HEDDLE_') && !known.has(name) && !OTHERS.has(name))
      .map((name) => `${name} is set, but no variable of that name exists; see docs/reference/settings.md`);
  }
}

/** Names the variable, and what it holds unless that is a secret. */
export function invalid(name: string, value: string, expected: string): MeshError {
  const secret = name.includes('TOKEN') && !name.endsWith('_FILE');
  const shown = secret ? 'its value' : `"${value.replace(/\/\/[^/]*@/, '//…@')}"`;
  return new MeshError(`${name}: ${shown} is not valid, expected ${expected}`, {
    code: 'HEDDLE_INVALID_SETTING',
  });
}
