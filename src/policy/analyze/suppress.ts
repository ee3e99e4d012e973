/**
 * Findings that somebody has seen and does not want to see again: of one resource by an annotation, or by the command line.
 * @source Istio `pkg/config/analysis/local/istiod_analyze.go`, annotation `galley.io/analyze-suppress`; `istioctl analyze --suppress`
 */
import type { Message, Resource } from '../resource.js';

const ANNOTATION = 'galley.io/analyze-suppress';

/** `galley.io/analyze-suppress: IST0101,IST0132`, or `*` for all. What validation finds stays: it decides what is in force. */
export function suppressed({ metadata }: Resource, code: string): boolean {
  const codes = metadata.annotations?.[ANNOTATION]?.split(',').map((entry) => entry.trim());
  return codes !== undefined && (codes.includes('*') || codes.includes(code));
}

/** One value of `--suppress`. */
export interface Suppression {
  readonly code: string;
  readonly kind: string;
  /** A `*` in either stands for any text. */
  readonly name: string;
  readonly namespace: string;
}

/**
 * Reads `CODE=Kind name.namespace`, as istioctl writes it; the last dot divides name and namespace.
 * @returns null if it is not of this form
 * @example readSuppression('IST0101=VirtualService reviews.default');
 */
export function readSuppression(text: string): Suppression | null {
  const parts = /^([A-Z]+\d+)=([A-Za-z*]+) (\S+)\.([^\s.]+)$/.exec(text.trim());
  if (parts === null) return null;
  const [, code, kind, name, namespace] = parts;
  return { code: code!, kind: kind!, name: name!, namespace: namespace! };
}

/** What is no fault of one resource, such as a file that cannot be read, cannot be suppressed. */
export function suppresses({ code, kind, name, namespace }: Suppression, message: Message): boolean {
  return (
    message.code === code &&
    message.name !== '' &&
    fits(kind, message.kind) &&
    fits(name, message.name) &&
    fits(namespace, message.namespace)
  );
}

/** In linear time, whatever the pattern. */
function fits(pattern: string, text: string): boolean {
  const [first = '', ...pieces] = pattern.split('*');
  if (pieces.length === 0) return pattern === text;
  const last = pieces.pop() ?? '';
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
