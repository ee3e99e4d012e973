/** What the config service says when it refuses, as an error that tells the reader what to do. */
import { MeshError } from '../../base/errors.js';

/**
 * The error for an answer that is not 200. The service's own words are kept: it knows whether a token has expired.
 * @param body as it came; JSON with `message` or `error`, or anything else
 */
export function refusal(status: number, body: unknown, what: string): MeshError {
  const words = wordsOf(body);
  const said = words === '' ? '' : `: ${words}`;
  if (status === 401 || status === 403) {
    return new MeshError(
      `the config service refused ${what} (${status})${said}. If the join token has expired or was revoked, make a new one with \`heddle token create\``,
      { code: 'HEDDLE_DENIED' },
    );
  }
  return new MeshError(`the config service answered ${status} to ${what}${said}`, {
    code: status >= 500 ? 'HEDDLE_CONNECT_FAILED' : 'HEDDLE_PROTOCOL_ERROR',
  });
}

function wordsOf(body: unknown): string {
  let value = body;
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {
      return clean(body as string);
    }
  }
  for (let depth = 0; depth < 3 && typeof value === 'object' && value !== null; depth += 1) {
    const fields = value as Record<string, unknown>;
    value = fields.message ?? fields.error ?? fields.because;
  }
  return typeof value === 'string' ? clean(value) : '';
}

/** One line of bounded length, whatever the other side sends. */
function clean(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .slice(0, 500);
}
