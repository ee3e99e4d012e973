/** Tables that are made from the code they describe. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type {
  Attributes,
  Counter,
  Histogram,
  Meter,
  MetricOptions,
  ObservableGauge,
} from '@opentelemetry/api';
import { VARIABLES } from 'heddle';
import { KINDS } from 'heddle/policy';
import { ROOT } from './markdown.js';
import { METRIC_LABELS } from './metric-labels.js';
import { fieldsOf } from './policy-fields.js';
import { noteOf } from './policy-notes.js';

/** By the name in `<!-- generated NAME -->`. */
export const TABLES: Readonly<Record<string, () => string>> = {
  settings: () =>
    table(
      ['variable', 'meaning', 'default'],
      VARIABLES.map(({ name, meaning, default: value }) => [`\`${name}\``, meaning, shown(value)]),
    ),
  metrics: () => metricsTable(),
  cli: () => commandHelp(),
  ...Object.fromEntries(KINDS.map((kind) => [`policy-${kind.kind}`, () => policyTable(kind)])),
};

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A bar ends a cell, in code too. */
function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|');
}

function shown(value: string): string {
  return value === '' ? '–' : value.includes('`') || value.includes(' ') ? value : `\`${value}\``;
}

function policyTable(kind: (typeof KINDS)[number]): string {
  return table(
    ['field', 'supported', 'how'],
    fieldsOf(kind.schema).map((field) => {
      const { supported, how } = noteOf(kind.kind, field);
      return [`\`${field.path}\``, supported, how];
    }),
  );
}

export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'histogram' | 'gauge';
  readonly unit: string;
  readonly description: string;
}

/** Every instrument that a mesh makes, as a meter is told of them. */
export const METRICS: readonly Metric[] = await collect();

async function collect(): Promise<Metric[]> {
  // Not an entry point: these are the mesh's own instruments, and nobody else's business.
  const folder = new URL(`file://${ROOT}/dist/observability/metrics/`);
  const { Instruments } = (await import(new URL('instruments.js', folder).href)) as {
    Instruments: new (meter: Meter, facts: unknown) => unknown;
  };
  const seen: Metric[] = [];
  const note =
    (type: Metric['type']) =>
    (name: string, options: MetricOptions = {}) => {
      seen.push({ name, type, unit: options.unit ?? '', description: options.description ?? '' });
      return { add() {}, record() {}, addCallback() {} };
    };
  const meter = {
    createCounter: note('counter') as unknown as () => Counter<Attributes>,
    createHistogram: note('histogram') as unknown as () => Histogram<Attributes>,
    createObservableGauge: note('gauge') as unknown as () => ObservableGauge<Attributes>,
  };
  new Instruments(meter as unknown as Meter, {
    labels: {},
    revision: undefined,
    certificateEndSeconds: undefined,
  });
  return seen;
}

function metricsTable(): string {
  return table(
    ['metric', 'type', 'unit', 'what', 'labels'],
    METRICS.map(({ name, type, unit, description }) => [
      `\`${name}\``,
      type,
      unit === '' ? '1' : unit,
      description,
      METRIC_LABELS[name] ?? '?',
    ]),
  );
}

/** `--help` of every command. */
function commandHelp(): string {
  const top = help([]);
  const parts = [section('heddle', top)];
  for (const command of commandsIn(top)) {
    const text = help([command]);
    parts.push(section(`heddle ${command}`, text));
    for (const inner of commandsIn(text))
      parts.push(section(`heddle ${command} ${inner}`, help([command, inner])));
  }
  return parts.join('\n\n');
}

function section(name: string, text: string): string {
  return `## \`${name}\`\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}

/** Names in the lists of commands: two spaces, a word, and what it is for. */
export function commandsIn(helpText: string): string[] {
  return [
    ...helpText
      .split(/^Options:|^Examples:/m)
      .join('\n')
      .matchAll(/^ {2}([a-z]+) {2,}\S/gm),
  ]
    .map((match) => match[1]!)
    .filter((name) => name !== 'help' && !ARGUMENTS.includes(name));
}

/** Listed in the same shape. */
const ARGUMENTS = ['kind', 'name', 'shell', 'id'];

function help(command: readonly string[]): string {
  const main = join(ROOT, 'packages/cli/bin/heddle.js');
  const env = { ...process.env, NO_COLOR: '1', COLUMNS: '100' };
  const { stdout, status, stderr } = spawnSync(process.execPath, [main, ...command, '--help'], {
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`heddle ${command.join(' ')} --help: ${stderr}`);
  return stdout;
}
