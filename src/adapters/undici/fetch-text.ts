/**
 * Fetches small texts from outside the mesh: the keys of those who issue tokens. Over connections of its own, with the platform's
 * roots; calls of the application are not this.
 */
import { Agent, buildConnector, type Dispatcher, interceptors, request } from 'undici';
import { contains, type Groups, parseIp, parseSubnet } from '../../base/ip.js';
import type { FetchText } from '../../security/token/index.js';

/** As Go's client, by which Istio fetches keys, but fewer. */
const MOST_REDIRECTS = 3;

/**
 * Nobody publishes keys there, but machines of a cloud answer there with their own secrets. An issuer, and whoever redirects, may name
 * any place, so each connection is looked at.
 * @source Istio `pkg/security/dial.go`
 */
const NEVER = [
  '169.254.0.0/16',
  '224.0.0.0/24',
  'fe80::/10',
  'ff02::/16',
  '100.100.100.200',
  'fd00:ec2::/32',
].map((range) => parseSubnet(range)!);

function isForbidden(host: string): boolean {
  const address = parseIp(host.replace(/^\[|\]$/g, ''));
  if (address === null) return false;
  return [address, ...carried(address)].some((one) => NEVER.some((range) => contains(range, one)));
}

/**
 * The addresses of IPv4 that one of IPv6 leads to through a translator or a tunnel.
 * @source RFC 6052 §2.2 and RFC 8215 (NAT64), RFC 3056 §2 (6to4), RFC 4380 §4 (Teredo, bits turned round), RFC 4291 §2.5.5.1
 */
function carried([a, b, c, d, e, f, g, h]: Groups): Groups[] {
  const v4 = (high: number, low: number): Groups => [0, 0, 0, 0, 0, 0xffff, high, low];
  if (a === 0x2002) return [v4(b!, c!)];
  if (a === 0x2001 && b === 0) return [v4(g! ^ 0xffff, h! ^ 0xffff), v4(c!, d!)];
  if (a === 0x64 && b === 0xff9b) {
    // A prefix of 48 or 64 bits has the address around the ninth byte, which is 0; one of 96 has it at the end.
    const around48 = v4(d!, ((e! & 0xff) << 8) | (f! >> 8));
    const around64 = v4(((e! & 0xff) << 8) | (f! >> 8), ((f! & 0xff) << 8) | (g! >> 8));
    return [v4(g!, h!), around48, around64];
  }
  const compatible = a === 0 && b === 0 && c === 0 && d === 0 && (e === 0 || e === 0xffff) && f === 0;
  return compatible ? [v4(g!, h!)] : [];
}

function guarded(): buildConnector.connector {
  const connect = buildConnector({});
  return (options, callback) => {
    const refuse = (host: string) =>
      callback(new Error(`${host} is an address of this machine's surroundings, never one of keys`), null);
    if (isForbidden(options.hostname)) return refuse(options.hostname);
    return connect(options, (...result) => {
      const [error, socket] = result;
      const address = socket?.remoteAddress ?? '';
      if (error !== null || !isForbidden(address)) return callback(...result);
      socket?.destroy();
      return refuse(address);
    });
  };
}

export class TextFetcher {
  readonly #agent = new Agent({
    connections: 2,
    keepAliveTimeout: 1_000,
    pipelining: 1,
    connect: guarded(),
  });
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
