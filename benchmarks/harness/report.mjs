/** A run's report: JSON for programs, Markdown for people, a plot for each table. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { number } from './result.mjs';
import { bars, curves, line } from './svg.mjs';

/** @param run `{ when, machine, results }` @returns the path of the Markdown page */
export function writeReport(folder, run) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(run, null, 2)}\n`);
  const { when, machine, results } = run;
  const lines = [
    '# Benchmarks',
    '',
    `${when}; Heddle ${machine.heddle}, Node ${machine.node}, ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}; load at the start ${number(machine.load)}.`,
    '',
  ];
  const goals = results.flatMap(({ name, goals }) => goals.map((goal) => ({ name, ...goal })));
  if (goals.length > 0)
    lines.push('| goal | wanted | reached | |', '| --- | --- | --- | --- |', ...goals.map(goalRow), '');
  for (const result of results) lines.push(...section(folder, result));
  const path = join(folder, 'README.md');
  writeFileSync(path, `${lines.join('\n').trimEnd()}\n`);
  return path;
}

function goalRow({ name, what, value, at, limit, stretch, unit, state }) {
  const wanted = `${at} ${limit}${unit}${stretch === null ? '' : ` (stretch ${at} ${stretch})`}`;
  return `| ${name}: ${what} | ${wanted} | ${value === null ? '–' : `${number(value)}${unit}`} | ${state === 'MISSED' ? '**missed**' : state} |`;
}

function section(folder, { name, title, setting, tables, series = [], notes = [], error }) {
  const lines = [`## ${title ?? name}`, ''];
  if (error !== undefined) return [...lines, `It failed: ${error}`, ''];
  lines.push(setting, '');
  for (const [index, table] of tables.entries()) {
    const { title, unit, rows } = table;
    lines.push(`### ${title}`, '', `| | ${unit} | four fifths of the rounds |`, '| --- | --: | --- |');
    for (const { name, median, low, high, note } of rows) {
      const spread = low === undefined ? (note ?? '') : `${number(low)} – ${number(high)}`;
      lines.push(`| ${name} | ${number(median)} | ${spread} |`);
    }
    lines.push('');
    if (unit === 'as named' || unit === 'calls') continue;
    writeFileSync(join(folder, `${name}-${index + 1}.svg`), bars(table));
    lines.push(`![${title}](${name}-${index + 1}.svg)`, '');
  }
  for (const [index, one] of series.entries()) {
    writeFileSync(join(folder, `${name}-line-${index + 1}.svg`), one.lines ? curves(one) : line(one));
    lines.push(`![${one.title}](${name}-line-${index + 1}.svg)`, '');
  }
  return [...lines, ...notes.flatMap((note) => [note, ''])];
}
