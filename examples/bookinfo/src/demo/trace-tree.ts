/** A trace drawn as a tree with times. */
import type { JsonSpan } from '@heddle/telemetry';

export interface TraceTree {
  readonly lines: readonly string[];
  readonly services: ReadonlySet<string>;
  /** Spans whose parent is not among them; the root is one. */
  readonly roots: number;
}

const BAR = 30;

/** @param rootParent span ID that the visitor made up: spans with it as their parent are roots */
export function drawTrace(spans: readonly JsonSpan[], rootParent: string): TraceTree {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const children = new Map<string, JsonSpan[]>();
  const roots: JsonSpan[] = [];
  for (const span of spans) {
    const parent = span.parentSpanId ?? '';
    if (parent === rootParent || !byId.has(parent)) roots.push(span);
    else children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const start = Math.min(...spans.map(({ startMs }) => startMs));
  const end = Math.max(...spans.map(({ startMs, durationMs }) => startMs + durationMs));
  const scale = BAR / Math.max(end - start, 0.001);
  const rows: { readonly label: string; readonly times: string }[] = [];
  const draw = (span: JsonSpan, indent: string, branch: string, below: string) => {
    const label = `${indent}${branch}${span.service} ${span.name} [${span.kind}]`;
    const from = Math.floor((span.startMs - start) * scale);
    const width = Math.max(1, Math.round(span.durationMs * scale));
    const bar = `${' '.repeat(Math.min(from, BAR - 1))}${'━'.repeat(Math.min(width, BAR - Math.min(from, BAR - 1)))}`;
    rows.push({ label, times: `${bar.padEnd(BAR)} ${span.durationMs.toFixed(1).padStart(7)} ms` });
    const next = (children.get(span.spanId) ?? []).sort((a, b) => a.startMs - b.startMs);
    next.forEach((child, i) => {
      const last = i === next.length - 1;
      draw(child, indent + below, last ? '└ ' : '├ ', last ? '  ' : '│ ');
    });
  };
  for (const root of roots) draw(root, '', '', '');
  const width = Math.max(...rows.map(({ label }) => label.length));
  const lines = rows.map(({ label, times }) => `${label.padEnd(width)} ${times}`);
  return { lines, services: new Set(spans.map(({ service }) => service)), roots: roots.length };
}
