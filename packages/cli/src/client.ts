/** The config service's HTTP API, as its README lists it. */
import type { Agent } from 'node:https';
import { exchange } from './http.js';
import { CliError } from './io.js';
import { refusalOf } from './refusal.js';
import { trustedAgent } from './trust.js';

export interface ClientRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** @default 'application/json' */
  readonly type?: string;
}

export class Client {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: Agent | undefined;

  private constructor(url: URL, headers: Readonly<Record<string, string>>, agent?: Agent) {
    this.#url = url;
    this.#headers = headers;
    this.#agent = agent;
  }

  /**
   * @param token of an operator; null for a service in dev mode, which asks for none
   * @throws CliError if the service is not there, or is not the one that the token is for
   */
  static async connect(url: URL, token: string | null): Promise<Client> {
    const headers = { accept: 'application/json' };
    if (token === null) return new Client(url, headers);
    return new Client(url, { ...headers, authorization: `Bearer ${token}` }, await trustedAgent(url, token));
  }

  /** The parsed answer. @throws CliError with the service's words if it refuses */
  async json(path: string, options: ClientRequest = {}): Promise<unknown> {
    const text = (await this.bytes(path, options)).toString('utf8');
    try {
      return JSON.parse(text);
    } catch {
      throw new CliError(`${this.#url.origin} did not answer in JSON: is it a Heddle config service?`);
    }
  }

  /** @throws CliError with the service's words if it refuses */
  async bytes(path: string, { method = 'GET', body, type }: ClientRequest = {}): Promise<Buffer> {
    const answer = await exchange(new URL(path, this.#url), {
      method,
      headers: {
        ...this.#headers,
        ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
      },
      ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
      ...(this.#agent && { agent: this.#agent }),
    });
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw refusalOf(answer.status, answer.body.toString('utf8'), this.#url);
  }

  close(): void {
    this.#agent?.destroy();
  }
}
