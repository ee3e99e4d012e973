/**
 * The config service's API over HTTPS. The operator's token carries the fingerprint of the mesh's root; the service must show a
 * certificate for its own identity below that root before it gets to see the token.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { type BundleResponse, parseToken, SpiffeId } from 'heddle/ports';
import { findPinned, trustBundle, verifyPeer } from 'heddle/security';
import { CliError } from './io.js';
import { refusalOf, unreachable } from './refusal.js';

/** Longest silence of the service, in milliseconds. */
const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface ClientRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** @default 'application/json' */
  readonly type?: string;
}

export class Client {
  readonly #url: URL;
  readonly #token: string | undefined;
  /** Undefined in dev mode: plain text, no credentials. */
  readonly #agent: Agent | undefined;

  private constructor(url: URL, token: string | undefined, agent: Agent | undefined) {
    this.#url = url;
    this.#token = token;
    this.#agent = agent;
  }

  /** @throws CliError if the service is not there, or is not the one that the token is for */
  static async connect(url: URL, token: string | undefined): Promise<Client> {
    if (url.protocol === 'http:') return new Client(url, undefined, undefined);
    const pin = token === undefined ? undefined : parseToken(token)?.pin;
    if (pin === undefined || pin === '-') {
      const hint = 'it reads heddle1.… and lies in operator.token in the data directory of the service';
      throw new CliError(
        token === undefined ? 'an operator token is needed' : 'the operator token is not a token of Heddle',
        { hint },
      );
    }
    const untrusting = new Agent({ rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    const open = new Client(url, undefined, untrusting);
    const bundle = (await open.json('/v1/bundle').finally(() => untrusting.destroy())) as BundleResponse;
    const root = Array.isArray(bundle.roots) ? findPinned(bundle.roots, pin) : undefined;
    if (root === undefined) {
      throw new CliError(
        `the service at ${url.origin} is not the one that the token is for: none of its roots has the token's fingerprint`,
        {
          code: 'untrusted',
          hint: 'the token is of another mesh, or somebody stands in between; the token was not sent',
        },
      );
    }
    // Of what was said unproven nothing is believed but the root with the right fingerprint; it has the trust domain in it.
    const { trustDomain, roots } = trustBundle(bundle.trustDomain, [root]);
    const expected = [SpiffeId.forServiceAccount(trustDomain, 'heddle-system', 'control').toString()];
    const checkServerIdentity: RequestOptions['checkServerIdentity'] = (_host, { raw }) => {
      const verdict = verifyPeer({ raw }, { expected, trustDomains: [trustDomain] });
      return verdict.kind === 'trusted' ? undefined : new Error(verdict.because);
    };
    return new Client(
      url,
      token,
      new Agent({ ca: [...roots], minVersion: 'TLSv1.3', checkServerIdentity, keepAlive: true }),
    );
  }

  /** The parsed answer. @throws CliError with the service's words if it refuses */
  async json(path: string, options: ClientRequest = {}): Promise<unknown> {
    const text = await this.text(path, options);
    try {
      return JSON.parse(text);
    } catch {
      throw new CliError(`${this.#url.origin} did not answer in JSON: is it a Heddle config service?`);
    }
  }

  async text(path: string, options: ClientRequest = {}): Promise<string> {
    return (await this.bytes(path, options)).toString('utf8');
  }

  async bytes(path: string, options: ClientRequest = {}): Promise<Buffer> {
    const { status, body } = await this.#send(path, options);
    if (status >= 200 && status < 300) return body;
    throw refusalOf(status, body.toString('utf8'), this.#url);
  }

  close(): void {
    this.#agent?.destroy();
  }

  #send(
    path: string,
    { method = 'GET', body: value, type }: ClientRequest,
  ): Promise<{ status: number; body: Buffer }> {
    const payload = value === undefined ? undefined : Buffer.from(JSON.stringify(value));
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    if (payload !== undefined)
      Object.assign(headers, {
        'content-type': type ?? 'application/json',
        'content-length': String(payload.length),
      });
    const options = {
      method,
      headers,
      timeout: TIMEOUT_MS,
      ...(this.#agent === undefined ? {} : { agent: this.#agent }),
    };
    return new Promise((resolve, reject) => {
      const target = new URL(path, this.#url);
      const request = (target.protocol === 'https:' ? httpsRequest : httpRequest)(
        target,
        options,
        (response) => {
          readAnswer(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
        },
      );
      request.once('timeout', () => request.destroy(new Error(`no answer for ${TIMEOUT_MS / 1_000} s`)));
      request.once('error', (error) => reject(unreachable(error, this.#url)));
      request.end(payload);
    });
  }
}

async function readAnswer(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    if ((size += part.length) > MAX_ANSWER_BYTES)
      throw new CliError(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
