/** Findings about policy, for people: where, what, and in colour how bad. */
import type { Message } from 'heddle/policy';
import { clean, type Style } from './style.js';

/** `reviews.yaml:12:9 error IST0101 VirtualService default/reviews spec.http[0]: …`, a line each. */
export function formatMessages(messages: readonly Message[], style: Style): string {
  return messages.map((message) => `${formatMessage(message, style)}\n`).join('');
}

function formatMessage(message: Message, style: Style): string {
  const { file, line, column, level, code, kind, namespace, name, path } = message;
  const place = file === '' ? '' : `${style.bold(clean(`${file}:${line}:${column}`))} `;
  const paint = { error: style.red, warning: style.yellow, info: style.cyan }[level];
  const subject = kind === '' ? '' : ` ${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
  const field = path === '' ? '' : ` ${path}`;
  return `${place}${paint(level)} ${style.dim(code)}${clean(`${subject}${field}: ${message.message}`)}`;
}

/** `2 errors, 1 warning`; `no problems found` for none. */
export function summary(messages: readonly Message[]): string {
  const counts = (['error', 'warning', 'info'] as const)
    .map((level) => [messages.filter((message) => message.level === level).length, level] as const)
    .filter(([count]) => count > 0)
    .map(([count, level]) => `${count} ${level}${count === 1 || level === 'info' ? '' : 's'}`);
  return counts.length === 0 ? 'no problems found' : counts.join(', ');
}
