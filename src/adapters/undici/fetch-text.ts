/**
 * Fetches small texts from outside the mesh: the keys of those who issue tokens. Over connections of its own, with the platform's
 * roots; calls of the application are not this.
 */
import { Agent, type Dispatcher, interceptors, request } from 'undici';
import type { FetchText } from '../../security/token/index.js';

/** As Go's client, by which Istio fetches keys, but fewer. */
const MOST_REDIRECTS = 3;

export class TextFetcher {
  readonly #agent = new Agent({ connections: 2, keepAliveTimeout: 1_000, pipelining: 1 });
  readonly #following: Dispatcher = this.#agent.compose(
    interceptors.redirect({ maxRedirections: MOST_REDIRECTS }),
  );

  /** Rejects for any answer but 200. */
  readonly fetch: FetchText = async (url, { maxLength, signal }) => {
    const { statusCode, body } = await request(url, {
      dispatcher: this.#following,
      signal,
      headers: { accept: 'application/json' },
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`it answered ${statusCode}, 200 was expected`);
    }
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of body as AsyncIterable<Uint8Array>) {
      size += part.length;
      if (size > maxLength) throw new Error(`it is longer than ${maxLength} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  };

  /** What is under way ends with an error. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
