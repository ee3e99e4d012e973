/**
 * What a benchmark hands back, and how it is started: `node benchmarks/NAME.mjs [--size mini|short|full] [--json]`. Numbers go to
 * stdout, progress to stderr.
 *
 * A result is `{ name, title, setting, tables: [{ title, unit, rows: [{ name, median, low?, high?, note? }] }], goals, notes }`.
 */
import { parseArgs } from 'node:util';

/** A goal: what was reached, and whether that is enough. @param reached null, or no number: it was not measured @param at '≤' or '≥' */
export function goal(what, reached, at, limit, stretch, unit = '') {
  const value = Number.isFinite(reached) ? reached : null;
  const good = (bound) => bound !== undefined && (at === '≤' ? value <= bound : value >= bound);
  const state =
    value === null ? 'not measured' : good(stretch) ? 'stretch met' : good(limit) ? 'met' : 'MISSED';
  return { what, value, at, limit, stretch: stretch ?? null, unit, state };
}

/** A row of a table. */
export function row(name, { median, low, high }, note) {
  return { name, median, low, high, ...(note === undefined ? {} : { note }) };
}

/** Runs a benchmark from the command line. @param run takes the size and a teller of progress */
export async function main(name, run) {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: 'full' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  });
  if (values.help || !['mini', 'short', 'full'].includes(values.size)) {
    console.log(`usage: node benchmarks/${name}.mjs [--size mini|short|full] [--json]`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const result = { name, size: values.size, ...(await run(values.size, progressOf(name))) };
  // A miniature shows that a benchmark runs; its numbers mean nothing.
  if (values.size === 'mini') result.goals = result.goals.map((one) => ({ ...one, state: 'not judged' }));
  console.log(values.json ? JSON.stringify(result) : asText(result));
}

export function progressOf(name) {
  return (text) => {
    process.stderr.write(`${name}: ${text}\n`);
  };
}

export function asText({ title, setting, tables, goals, notes = [] }) {
  const lines = [title, setting, ''];
  for (const table of tables) lines.push(...tableLines(table), '');
  for (const one of goals) lines.push(goalLine(one));
  for (const note of notes) lines.push(note);
  return lines.join('\n');
}

function tableLines({ title, unit, rows }) {
  const width = Math.max(...rows.map(({ name }) => name.length), 10);
  const lines = [`${title} (${unit}; median, and where four fifths of the rounds lie)`];
  for (const { name, median, low, high, note } of rows) {
    const spread = low === undefined ? '' : `  [${number(low)} – ${number(high)}]`;
    lines.push(`  ${name.padEnd(width)}  ${number(median).padStart(9)}${spread}${note ? `  ${note}` : ''}`);
  }
  return lines;
}

export function goalLine({ what, value, at, limit, stretch, unit, state }) {
  const reached = value === null ? '–' : number(value);
  const wish = stretch === null ? '' : `, stretch ${at} ${stretch}`;
  return `${paint(state.padEnd(12), state)} ${what}: ${reached}${unit} (goal ${at} ${limit}${unit}${wish})`;
}

function paint(text, state) {
  if (!process.stdout.isTTY || process.env.NO_COLOR) return text;
  const color = state === 'MISSED' ? 31 : state.startsWith('not ') ? 33 : 32;
  return `\u001b[${color}m${text}\u001b[0m`;
}

/** Three digits that count. */
export function number(value) {
  if (value === null || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
  return value.toFixed(size >= 10 ? 1 : 2);
}
