import { MeshError } from '../base/errors.js';

/**
 * SPIFFE ID, a value: `spiffe://<trust domain>/<path>`.
 * @source SPIFFE-ID.md (grammar, §2); Istio `pkg/spiffe/spiffe.go` (the /ns/…/sa/… form)
 */
export class SpiffeId {
  /** One string for all requests of a connection: rules look it up by its hash, which a string works out once. */
  readonly #principal: string;

  private constructor(
    /** In lower case. */
    readonly trustDomain: string,
    /** Starts with `/`; empty for the trust domain itself. */
    readonly path: string,
  ) {
    this.#principal = `${trustDomain}${path}`;
  }

  /** @throws MeshError `HEDDLE_INVALID_ARGUMENT` naming the rule that `text` breaks */
  static parse(text: string): SpiffeId {
    const because = SpiffeId.#check(text);
    if (because !== null) {
      throw new MeshError(`not a SPIFFE ID: ${because}`, { code: 'HEDDLE_INVALID_ARGUMENT' });
    }
    const rest = text.slice(SCHEME.length);
    const slash = rest.indexOf('/');
    const trustDomain = (slash < 0 ? rest : rest.slice(0, slash)).toLowerCase();
    return new SpiffeId(trustDomain, slash < 0 ? '' : rest.slice(slash));
  }

  /** The ID of a service account, in Istio's form. */
  static forServiceAccount(trustDomain: string, namespace: string, serviceAccount: string): SpiffeId {
    return SpiffeId.parse(`${SCHEME}${trustDomain}/ns/${namespace}/sa/${serviceAccount}`);
  }

  static #check(text: string): string | null {
    if (text.length > 2048) return 'it is longer than 2048 bytes';
    if (text.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return 'it does not start with spiffe://';
    const rest = text.slice(SCHEME.length);
    const slash = rest.indexOf('/');
    // Checked before it is brought to lower case: the Kelvin sign (U+212A) becomes a plain k.
    const trustDomain = slash < 0 ? rest : rest.slice(0, slash);
    if (trustDomain.length === 0 || trustDomain.length > 255)
      return 'its trust domain is not 1 to 255 bytes long';
    if (!/^[a-zA-Z0-9._-]+$/.test(trustDomain))
      return 'its trust domain has characters other than a-z 0-9 . - _';
    if (slash < 0) return null;
    for (const segment of rest.slice(slash + 1).split('/')) {
      if (segment === '') return 'its path has an empty segment or a trailing slash';
      if (segment === '.' || segment === '..') return 'its path has a dot segment';
      if (!/^[a-zA-Z0-9._-]+$/.test(segment)) return 'its path has characters other than a-z A-Z 0-9 . - _';
    }
    return null;
  }

  /** Namespace of an Istio-form ID, else undefined. */
  get namespace(): string | undefined {
    return ISTIO_PATH.exec(this.path)?.[1];
  }

  /** Service account of an Istio-form ID, else undefined. */
  get serviceAccount(): string | undefined {
    return ISTIO_PATH.exec(this.path)?.[2];
  }

  /** Istio's principal: the ID without its scheme, `cluster.local/ns/default/sa/reviews`. */
  get principal(): string {
    return this.#principal;
  }

  toString(): string {
    return `${SCHEME}${this.#principal}`;
  }
}

const SCHEME = 'spiffe://';
const ISTIO_PATH = /^\/ns\/([^/]+)\/sa\/([^/]+)$/;
