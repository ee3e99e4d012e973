/** Markdown of the repository, and the two kinds of block in it that are made from something else. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Paths of all Markdown files, from the root. */
export function markdownFiles(): string[] {
  const options = { cwd: ROOT, encoding: 'utf8' } as const;
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], options);
  return [...new Set(listed.split('\n'))].filter((path) => path !== '').sort();
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export interface Fence {
  readonly language: string;
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** `path#region` or `path` of the marker before it; null for none. */
  readonly from: string | null;
}

const FENCE = /(?:<!-- from ([^ ]+) -->\n\n?)?^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm;

export function fencesOf(markdown: string): Fence[] {
  return [...markdown.matchAll(FENCE)].map((match) => ({
    from: match[1] ?? null,
    language: match[2]!,
    text: match[3]!,
    line: markdown.slice(0, match.index).split('\n').length,
  }));
}

/**
 * The same Markdown with every block made anew: code from the files and regions that markers name, tables from `tables`.
 * @throws Error naming the file, region or table that does not exist
 */
export function render(markdown: string, tables: Readonly<Record<string, () => string>>): string {
  return markdown
    .replace(
      /(<!-- from ([^ ]+) -->\n\n?```\w*[^\n]*\n)[\s\S]*?(^```$)/gm,
      (_, open: string, from: string, close: string) => open + source(from) + close,
    )
    .replace(
      /(<!-- generated ([\w-]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
      (_, open: string, name: string, close: string) => {
        const table = tables[name];
        if (table === undefined) throw new Error(`there is no table '${name}'`);
        return `${open}\n${table()}\n\n${close}`;
      },
    );
}

const REGION_MARK = /^\s*(?:\/\/|#) #(?:end)?region\b/;

/** Text of a file, or of the part between `#region NAME` and `#endregion`, moved to the left margin. */
export function source(from: string): string {
  const [path, region] = from.split('#');
  const text = read(path!);
  if (region === undefined) return text;
  const lines = text.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^\\s*(?://|#) #region ${region}$`).test(line));
  if (start < 0) throw new Error(`${path} has no region '${region}'`);
  const end = lines.findIndex((line, index) => index > start && /#endregion/.test(line));
  const part = lines.slice(start + 1, end).filter((line) => !REGION_MARK.test(line));
  const indent = Math.min(...part.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return `${part.map((line) => line.slice(indent)).join('\n')}\n`;
}

/** Rows of the first table whose head starts with `| ${first} |`: cells without their backticks. */
export function tableRows(markdown: string, first: string): string[][] {
  const lines = markdown.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  if (head < 0) throw new Error(`there is no table of '${first}'`);
  const rows: string[][] = [];
  for (let index = head + 2; lines[index]?.startsWith('|'); index += 1)
    rows.push(
      lines[index]!.slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
  return rows;
}
