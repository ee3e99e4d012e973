/** Results of policy tests for people: a line for each case, and for one that failed what was expected, what came, and why. */
import type { PolicyTestReport, PolicyTestResult } from 'heddle/policy';
import { clean, type Style } from './style.js';

export function testText(report: PolicyTestReport, style: Style): string {
  let text = '';
  let test = '';
  for (const one of report.cases) {
    if (one.test !== test) text += `${style.bold(clean(one.test))}\n`;
    test = one.test;
    text += one.passed
      ? `  ${style.green('passed')}  ${clean(one.name)}\n`
      : `  ${style.red('failed')}  ${clean(one.name)}\n${failure(one, style)}`;
  }
  return `${text}${summary(report, style)}\n`;
}

function failure({ file, line, column, differences, steps }: PolicyTestResult, style: Style): string {
  const lines = [style.dim(clean(`${file}:${line}:${column}`))];
  for (const { field, expected, actual } of differences)
    lines.push(
      `${clean(field)}: expected ${style.green(clean(expected))}, but it is ${style.red(clean(actual))}`,
    );
  if (steps.length > 0) lines.push(style.dim('why'));
  for (const [index, step] of steps.entries()) lines.push(`  ${index + 1}. ${clean(step)}`);
  return lines.map((one) => `    ${one}\n`).join('');
}

/** `12 passed, 1 failed`. */
function summary({ passed, failed, skipped }: PolicyTestReport, style: Style): string {
  const parts = [style.green(`${passed} passed`)];
  if (failed > 0) parts.push(style.red(`${failed} failed`));
  if (skipped > 0) parts.push(style.dim(`${skipped} left out by the filter`));
  return parts.join(', ');
}
