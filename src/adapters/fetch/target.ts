/** Where a request goes, read from a URL without parsing one where that can be known to give the same. */
import { parseUrl } from '../../base/url.js';

export interface Target {
  /** Without fragment, as `Response.url` shows it. */
  readonly href: string;
  readonly origin: string;
  readonly scheme: 'http' | 'https';
  /** `host`, or `host:port` if the port is not the scheme's own. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
}

/** Ends the authority, and has nothing in it that a parser would treat in a way of its own. */
const PLAIN_ORIGIN = /^https?:\/\/[^/?#@\\\s]+$/;
/** Characters that a parser leaves alone, in a path as in a query. */
const PLAIN_PATH = /^\/[\w\-.~!$&()*+,;=:@/%?]*$/;
/** Segments that a parser may take away. */
const CHANGED = /\/(?:\.|%2e)/i;

/** null: not HTTP, or with credentials, which the platform's `Request` refuses. */
export function targetOf(url: URL): Target | null {
  const scheme = url.protocol === 'http:' ? 'http' : url.protocol === 'https:' ? 'https' : null;
  if (scheme === null || url.username !== '' || url.password !== '') return null;
  const { origin } = url;
  // Not of pathname and search, which lose the question mark of an empty query.
  const end = url.href.indexOf('#');
  const href = end === -1 ? url.href : url.href.slice(0, end);
  return { href, origin, scheme, authority: url.host, path: href.slice(origin.length) };
}

/** Remembers the origin that was parsed last: most calls go where the one before went, and parsing costs more than comparing. */
export class Targets {
  #prefix = '';
  #origin = '';
  #scheme: 'http' | 'https' = 'http';
  #authority = '';

  /** null: not an absolute URL of HTTP, or with credentials. */
  read(input: string | URL): Target | null {
    if (typeof input !== 'string') return targetOf(input);
    // After the shortest `http://x` there is.
    const slash = input.indexOf('/', 8);
    if (slash !== -1 && slash === this.#prefix.length && input.startsWith(this.#prefix)) {
      const path = input.slice(slash);
      if (PLAIN_PATH.test(path) && !CHANGED.test(path)) {
        const origin = this.#origin;
        const href = origin === this.#prefix ? input : `${origin}${path}`;
        return { href, origin, scheme: this.#scheme, authority: this.#authority, path };
      }
    }
    return this.#parse(input, slash);
  }

  #parse(input: string, slash: number): Target | null {
    const url = parseUrl(input);
    const target = url === null ? null : targetOf(url);
    const prefix = input.slice(0, Math.max(slash, 0));
    if (target !== null && PLAIN_ORIGIN.test(prefix)) {
      this.#prefix = prefix;
      this.#origin = target.origin;
      this.#scheme = target.scheme;
      this.#authority = target.authority;
    }
    return target;
  }
}
