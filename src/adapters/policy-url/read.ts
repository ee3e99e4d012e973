/** One poll of a policy URL. */
import { type Agent, request } from 'undici';
import { MeshError } from '../../base/errors.js';
import { decodePolicy } from '../../policy/decode.js';

const MAX_BYTES = 16 * 1024 * 1024;

export interface PolicyUrlRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the documents that were read last; null: none were. */
  readonly etag: string | null;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

export type PolicyUrlAnswer =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'read'; readonly text: string; readonly etag: string | null };

/**
 * Asks once. A redirect is an error: it would take credentials to a place that nobody named.
 * @throws MeshError `HEDDLE_CONNECT_FAILED` that says what was answered instead
 */
export async function readPolicyUrl(ask: PolicyUrlRequest): Promise<PolicyUrlAnswer> {
  const place = `${ask.url.origin}${ask.url.pathname}`;
  try {
    const { statusCode, headers, body } = await request(ask.url, {
      dispatcher: ask.agent,
      signal: ask.signal,
      headers: {
        accept: 'application/yaml, application/json, text/plain;q=0.9, */*;q=0.1',
        ...ask.headers,
        ...(ask.etag === null ? {} : { 'if-none-match': ask.etag }),
      },
    });
    if (statusCode !== 200) await body.dump();
    if (statusCode === 304 && ask.etag !== null) return { kind: 'unchanged' };
    if (statusCode !== 200) throw failed(place, `it answered ${statusCode}, 200 was expected`);
    const text = await readText(body, place);
    // More often a mistake on the way than somebody's wish: who wants no policy can say so with a comment.
    if (text.trim() === '') throw failed(place, 'the answer is empty; for no policy at all serve a comment');
    const { etag } = headers;
    return { kind: 'read', text, etag: typeof etag === 'string' ? etag : null };
  } catch (error) {
    if (error instanceof MeshError) throw error;
    const reason = ask.signal.aborted ? ask.signal.reason : error;
    throw failed(place, reason instanceof Error ? reason.message || reason.name : String(reason), error);
  }
}

async function readText(body: AsyncIterable<Uint8Array>, place: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > MAX_BYTES) throw failed(place, `it is longer than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  const decoded = decodePolicy('', Buffer.concat(parts));
  if ('text' in decoded) return decoded.text;
  const { line, column, message } = decoded.message;
  throw failed(place, `line ${line}, column ${column}: ${message}`);
}

function failed(place: string, because: string, cause?: unknown): MeshError {
  return new MeshError(`cannot read policy from ${place}: ${because}`, {
    code: 'HEDDLE_CONNECT_FAILED',
    cause,
  });
}
