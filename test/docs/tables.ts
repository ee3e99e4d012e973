/** Tables that are made from the code they describe. */
import { VARIABLES } from 'heddle';
import { describeFields, KINDS, POLICY_TEST_FIELDS } from 'heddle/policy';
import { HELP } from './command-help.js';
import { entryPoints } from './exports.js';
import { METRIC_LABELS } from './metric-labels.js';
import { METRICS } from './metrics.js';

/** By the name in `<!-- generated NAME -->`. */
export const TABLES: Readonly<Record<string, () => string>> = {
  settings: () =>
    table(
      ['variable', 'meaning', 'default'],
      VARIABLES.map(({ name, meaning, default: value }) => [`\`${name}\``, meaning, shown(value)]),
    ),
  metrics: () =>
    table(
      ['metric', 'type', 'unit', 'what', 'labels'],
      METRICS.map(({ name, type, unit, description }) => [
        `\`${name}\``,
        type,
        unit,
        description,
        METRIC_LABELS[name] ?? '?',
      ]),
    ),
  cli: () =>
    HELP.map(({ name, text }) => `## \`${name}\`\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\``).join('\n\n'),
  exports: () =>
    entryPoints()
      .map(({ name, values, types }) =>
        [`## \`${name}\``, list('', values), list('Types: ', types)]
          .filter((part) => part !== '')
          .join('\n\n'),
      )
      .join('\n\n'),
  'policy-test': () =>
    table(
      ['field', 'what'],
      POLICY_TEST_FIELDS.map(({ path, how, default: otherwise }) => [
        `\`${path}\``,
        withDefault(how, otherwise),
      ]),
    ),
  ...Object.fromEntries(KINDS.map((kind) => [`policy-${kind.kind}`, () => policyTable(kind)])),
};

function policyTable(kind: (typeof KINDS)[number]): string {
  return table(
    ['field', 'supported', 'how'],
    describeFields(kind.kind, kind.schema).map(({ path, supported, how, default: otherwise }) => [
      `\`${path}\``,
      supported,
      withDefault(how, otherwise),
    ]),
  );
}

function withDefault(how: string, otherwise: string | number | boolean | undefined): string {
  return otherwise === undefined ? how : `${how}; default \`${otherwise}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  // A bar ends a cell, in code too.
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function list(title: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `${title}${names.map((name) => `\`${name}\``).join(', ')}`;
}

function shown(value: string): string {
  return value === '' ? '–' : value.includes('`') || value.includes(' ') ? value : `\`${value}\``;
}
