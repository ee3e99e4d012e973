/**
 * What is known about one exchange, or one connection, when it is decided whether it may go on.
 */
import type { HeaderFields } from '../../base/headers.js';
import { type Groups, parseIp } from '../../base/ip.js';

export interface AuthorizationFacts {
  /** For a connection that is not HTTP, all HTTP fields are empty and are not looked at. */
  readonly protocol: 'http' | 'tcp';
  readonly method: string;
  /** With its port, if the client sent one. */
  readonly authority: string;
  /** Normalised, without its query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: HeaderFields;
  /** Proved by mutual TLS, without `spiffe://`; null for plain text. */
  readonly principal: string | null;
  /** Address of the socket. */
  readonly peerIp: string;
  /** Address of the caller, trusted proxies taken into account. */
  readonly remoteIp: string;
  /** The port that was called, as the workload listens on it. */
  readonly port: number;
  /** Address that was called. Absent: not known, and `destination.ip` then falls on the side of refusing. */
  readonly localIp?: string;
  readonly sni: string | null;
  /** Of a verified token; null without one. */
  readonly claims: Readonly<Record<string, unknown>> | null;
}

/**
 * The facts as rules read them. One is made for each compiled policy and used again for every decision, so that deciding allocates
 * nothing; the last parsed address is remembered because connections live longer than requests.
 */
export class View {
  facts: AuthorizationFacts = NOTHING;
  readonly #peer = new AddressMemo();
  readonly #remote = new AddressMemo();
  readonly #local = new AddressMemo();
  #authority = '';
  #lowerAuthority = '';

  peer(): Groups | null {
    return this.#peer.get(this.facts.peerIp);
  }

  remote(): Groups | null {
    return this.#remote.get(this.facts.remoteIp);
  }

  local(): Groups | null {
    return this.facts.localIp === undefined ? null : this.#local.get(this.facts.localIp);
  }

  /** In lower case. */
  authority(): string {
    const { authority } = this.facts;
    if (authority !== this.#authority) {
      this.#authority = authority;
      this.#lowerAuthority = authority.toLowerCase();
    }
    return this.#lowerAuthority;
  }

  /** A claim that is a text, else undefined. */
  claim(name: string): string | undefined {
    const { claims } = this.facts;
    if (claims === null || !Object.hasOwn(claims, name)) return undefined;
    const value = claims[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Lets go of the facts: the view lives as long as policy does. */
  clear(): void {
    this.facts = NOTHING;
  }
}

class AddressMemo {
  #text: string | null = null;
  #address: Groups | null = null;

  get(text: string): Groups | null {
    if (text !== this.#text) {
      this.#address = parseIp(text);
      this.#text = text;
    }
    return this.#address;
  }
}

const NOTHING: AuthorizationFacts = {
  protocol: 'tcp',
  method: '',
  authority: '',
  path: '',
  headers: {},
  principal: null,
  peerIp: '',
  remoteIp: '',
  port: 0,
  sni: null,
  claims: null,
};
