/** Where dispatched requests go. Remembers the origin that was parsed last: most go where the one before went. */
export interface Origin {
  readonly scheme: 'http' | 'https';
  /** `host`, or `host:port` if the port is not the scheme's own. */
  readonly authority: string;
}

export class Origins {
  #text = '';
  #origin: Origin | null = null;

  /** @throws TypeError for what is no URL */
  read(input: string | URL | undefined): Origin {
    const text = String(input);
    if (this.#origin !== null && text === this.#text) return this.#origin;
    const { protocol, host } = new URL(text);
    this.#origin = { scheme: protocol === 'https:' ? 'https' : 'http', authority: host };
    this.#text = text;
    return this.#origin;
  }
}
