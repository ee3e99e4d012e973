/** How text looks in a terminal: colours where they are wanted, columns that line up, nothing that could steer the terminal. */
import { stripVTControlCharacters } from 'node:util';
import type { Io, Output } from './io.js';

/** Wraps text in a colour, or leaves it as it is. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** `NO_COLOR` wins, then `FORCE_COLOR`; without either, terminals get colours. @source no-color.org, force-color.org */
export function hasColors(output: Output, env: Io['env']): boolean {
  if ((env.NO_COLOR ?? '') !== '') return false;
  if ((env.FORCE_COLOR ?? '') !== '') return env.FORCE_COLOR !== '0';
  return output.isTTY === true && env.TERM !== 'dumb';
}

export function styleOf(output: Output, env: Io['env']): Style {
  const colors = hasColors(output, env);
  const paint = (on: number, off: number) => (text: string) =>
    colors && text !== '' ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}

/** Text of others (a workload's words, a file's name), so that it cannot move the cursor or fake a line. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+/g, ' ');
}

/** A cell: its text, and how it is painted. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

/** Rows under headings, columns two spaces apart. Texts are cleaned. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[], style: Style): string {
  const cells = rows.map((row) => row.map(asCell));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.text.length ?? 0)),
  );
  const line = (row: readonly { text: string; paint: (text: string) => string }[]) =>
    row
      .map(({ text, paint }, column) => {
        const padding = column === row.length - 1 ? '' : ' '.repeat(widths[column]! - text.length + 2);
        return `${paint(text)}${padding}`;
      })
      .join('')
      .trimEnd();
  const head = headings.map((text) => ({ text, paint: style.dim }));
  return `${[head, ...cells].map(line).join('\n')}\n`;
}

function asCell(cell: Cell) {
  return typeof cell === 'string'
    ? { text: clean(cell), paint: (text: string) => text }
    : { text: clean(cell.text), paint: cell.paint };
}
