/** What the tests of the inbound side share: identities, a path that remembers what it told, and raw clients. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { createPrivateKey, createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { systemClock } from '../base/clock.js';
import { Value } from '../base/source.js';
import { FakeClock } from '../base/testing.js';
import type { Exchange } from '../model/exchange.js';
import { SpiffeId } from '../model/spiffe-id.js';
import type { EffectiveInbound } from '../policy/effective.js';
import type { Svid, TrustBundle } from '../ports/identity.js';
import { noTelemetry, type Telemetry } from '../ports/telemetry.js';
import type { SendCheck } from '../security/authorize/check.js';
import { readDer } from '../security/certificate/der.js';
import * as der from '../security/certificate/der-write.js';
import { createRoot, Issuer, issueCertificate } from '../security/certificate/issue.js';
import { newKey, signatureOf } from '../security/certificate/keys.js';
import { OID } from '../security/certificate/oids.js';
import { toPem } from '../security/certificate/pem.js';
import { TlsContexts } from '../security/tls/contexts.js';
import { type FetchText, TokenAuthenticator } from '../security/token/index.js';
import { InboundPolicy } from './bind.js';
import { InboundPath } from './exchange.js';

export const TRUST_DOMAIN = 'cluster.local';
const HOUR = 3_600_000;

export async function newRoot(trustDomain = TRUST_DOMAIN): Promise<Issuer> {
  return new Issuer(await createRoot({ trustDomain, lifetimeMs: 24 * HOUR, wallNow: systemClock.wallNow() }));
}

export interface Pair {
  readonly key: string;
  readonly cert: string;
}

/** `account` is a service account of the namespace `default`, or a whole SPIFFE ID. */
export async function newPair(issuer: Issuer, account: string, lifetimeMs = HOUR): Promise<Pair> {
  const key = await newKey();
  const now = systemClock.wallNow();
  const spiffeId = account.startsWith('spiffe:')
    ? SpiffeId.parse(account)
    : SpiffeId.forServiceAccount(TRUST_DOMAIN, 'default', account);
  const cert = issueCertificate({
    issuer,
    publicKey: createPublicKey(key),
    spiffeId,
    notBefore: now - 60_000,
    notAfter: now + lifetimeMs,
  });
  return { key: pemOf(key), cert };
}

/** A certificate that is good in everything but that it has two SPIFFE IDs. */
export async function twoFacedPair(issuer: Issuer): Promise<Pair> {
  const key = await newKey();
  const now = systemClock.wallNow();
  const uri = (text: string) => der.taggedBytes(6, Buffer.from(text, 'latin1'));
  const names = der.sequence(
    uri('spiffe://cluster.local/ns/a/sa/b'),
    uri('spiffe://cluster.local/ns/a/sa/c'),
  );
  const extension = (id: string, value: ReturnType<typeof der.sequence>) =>
    der.sequence(der.oid(id), der.boolean(true), der.octets(der.writeDer(value)));
  const { algorithm, hash } = signatureOf(issuer.key);
  const tbs = der.sequence(
    der.tagged(0, der.integer(2)),
    der.integer(9),
    algorithm,
    issuer.subject,
    der.sequence(der.time(now - 60_000), der.time(now + HOUR)),
    der.sequence(),
    readDer(createPublicKey(key).export({ type: 'spki', format: 'der' }), 'the key'),
    der.tagged(
      3,
      der.sequence(
        extension(OID.subjectAltName, names),
        extension(OID.basicConstraints, der.sequence()),
        extension(OID.keyUsage, der.bits(Uint8Array.of(0x80), 7)),
      ),
    ),
  );
  const signature = der.bits(sign(hash, der.writeDer(tbs), issuer.key));
  return {
    key: pemOf(key),
    cert: toPem('CERTIFICATE', der.writeDer(der.sequence(tbs, algorithm, signature))),
  };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The server's identity and trust, which a test changes. */
export class TestTls extends TlsContexts {
  readonly #svid: Value<Svid>;
  readonly #bundle: Value<TrustBundle>;

  constructor(pair: Pair, root: Issuer) {
    const svid = new Value(svidOf(pair));
    const bundle = new Value(bundleOf(root));
    super({ svid, bundle, close: () => Promise.resolve() });
    this.#svid = svid;
    this.#bundle = bundle;
  }

  rotate(pair: Pair, root: Issuer): void {
    this.#bundle.set(bundleOf(root));
    this.#svid.set(svidOf(pair));
  }
}

function svidOf(pair: Pair): Svid {
  const { validFrom, validTo } = new X509Certificate(pair.cert);
  return {
    id: SpiffeId.forServiceAccount(TRUST_DOMAIN, 'default', 'reviews'),
    chain: [pair.cert],
    key: createPrivateKey(pair.key),
    notBefore: Date.parse(validFrom),
    notAfter: Date.parse(validTo),
  };
}

function bundleOf(root: Issuer): TrustBundle {
  return { trustDomain: TRUST_DOMAIN, roots: [root.certificate] };
}

export function inboundPolicy(change: Partial<EffectiveInbound> = {}): EffectiveInbound {
  return { mtls: { mode: 'PERMISSIVE', ports: {} }, authorization: [], pathNormalization: 'BASE', ...change };
}

export const ofMode = (mode: 'STRICT' | 'PERMISSIVE' | 'DISABLE') =>
  inboundPolicy({ mtls: { mode, ports: {} } });

/** `DENY` for the given paths. */
export function denyPaths(...values: string[]): EffectiveInbound['authorization'] {
  const rules = [{ to: [{ paths: { values } }] }];
  return [{ policy: 'default/closed', action: 'DENY', dryRun: false, rules }];
}

/** A path of the mesh with all it tells the outside. */
export class TestPath {
  readonly clock = new FakeClock(systemClock.wallNow());
  readonly policy = new InboundPolicy();
  readonly ambient = new AsyncLocalStorage<Exchange>();
  /** In the order in which they ended. */
  readonly ended: Exchange[] = [];
  readonly started: Exchange[] = [];
  readonly warnings: string[] = [];
  readonly path: InboundPath;
  #waiting: { count: number; resolve: () => void } | null = null;

  /** @param fetch how keys for tokens are had; without it only those that policy holds are */
  constructor(
    policy: EffectiveInbound | null = inboundPolicy(),
    trustedHops = 0,
    fetch?: FetchText,
    sendCheck?: SendCheck,
  ) {
    const telemetry: Telemetry = {
      ...noTelemetry,
      exchangeStarted: (exchange) => this.started.push(exchange),
    };
    let ids = 0;
    this.path = new InboundPath({
      clock: this.clock,
      snapshot: this.policy,
      telemetry,
      accessLog: (exchange) => {
        this.ended.push(exchange);
        if (this.#waiting !== null && this.ended.length >= this.#waiting.count) this.#waiting.resolve();
      },
      ambient: this.ambient,
      trustedHops,
      ...(sendCheck !== undefined && { sendCheck }),
      ...(fetch === undefined
        ? {}
        : {
            tokens: new TokenAuthenticator({
              clock: this.clock,
              fetch,
              warn: (line) => this.warnings.push(line),
            }),
          }),
      randomId: () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`,
      warn: (line) => this.warnings.push(line),
    });
    if (policy !== null) this.accept(policy);
  }

  accept(policy: EffectiveInbound, revision = 1): void {
    this.policy.accept(policy, { trustDomain: TRUST_DOMAIN, revision });
  }

  /** The exchanges that have ended, once there are `count` of them. */
  async endedBy(count: number): Promise<readonly Exchange[]> {
    if (this.ended.length < count) {
      await new Promise<void>((resolve) => (this.#waiting = { count, resolve }));
      this.#waiting = null;
    }
    return this.ended;
  }
}

/** A client that says exactly what it is told and remembers all it hears. */
export class RawClient {
  readonly socket: Socket | TLSSocket;
  heard = '';
  readonly closed: Promise<void>;
  #waiting: { found: () => boolean; resolve: () => void } | null = null;

  constructor(socket: Socket | TLSSocket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (text: string) => {
      this.heard += text;
      if (this.#waiting?.found()) this.#waiting.resolve();
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
        this.#waiting?.resolve();
      });
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** Resolves when the handshake is over on this side, or the connection closed. */
  static async connectTls(port: number, options: ConnectionOptions): Promise<RawClient> {
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      checkServerIdentity: () => undefined,
      ALPNProtocols: ['http/1.1'],
      ...options,
    });
    const client = new RawClient(socket);
    await Promise.race([new Promise((resolve) => socket.once('secureConnect', resolve)), client.closed]);
    return client;
  }

  say(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until `count` parts like `pattern` were heard, or the connection has closed. */
  async hear(pattern: RegExp, count = 1): Promise<string> {
    const all = new RegExp(pattern.source, 'g');
    const found = () => (this.heard.match(all)?.length ?? 0) >= count;
    if (!found() && !this.socket.closed) {
      await new Promise<void>((resolve) => (this.#waiting = { found, resolve }));
      this.#waiting = null;
    }
    return this.heard;
  }

  close(): Promise<void> {
    this.socket.destroy();
    return this.closed;
  }
}

/** Lets the event loop turn until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** `GET` of `path` in one text; `head` are further lines. */
export function get(path: string, ...head: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'host: reviews', ...head, '', ''].join('\r\n');
}
