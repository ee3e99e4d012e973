/**
 * Tokens: a join token lets a workload ask for the SVID of one service account, an operator token lets a person or a program
 * administer the mesh. The store keeps the SHA-256 of the secret, which is 256 random bits, so that guessing it back is hopeless.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, formatToken, parseToken } from 'heddle/ports';
import { TOKENS_PREFIX } from '../keys.js';
import type { Entry, Store } from '../store/store.js';

export interface TokenGrant {
  readonly kind: 'join' | 'operator';
  /** Of a join token: whose SVID it is good for. */
  readonly namespace?: string;
  readonly serviceAccount?: string;
  /** For people. */
  readonly name?: string;
  /** null: until it is revoked. */
  readonly ttlMs: number | null;
  /** How many SVIDs may be asked for with it; null: any number. */
  readonly uses: number | null;
}

/** What may be shown of a token: all but its secret. Times in milliseconds since the epoch. */
export interface TokenInfo {
  readonly id: string;
  readonly kind: 'join' | 'operator';
  readonly namespace: string | null;
  readonly serviceAccount: string | null;
  readonly name: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  /** Uses left; null: not counted. */
  readonly usesLeft: number | null;
}

interface TokenRecord extends TokenInfo {
  readonly hash: string;
}

export class Tokens {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #pin: () => string;

  /** @param pin SHA-256 (hex) of the root of now, by which whoever has a token recognises this service; `-` without TLS */
  constructor(store: Store, clock: Clock, pin: () => string) {
    this.#store = store;
    this.#clock = clock;
    this.#pin = pin;
  }

  /** @returns the token, which is never shown again, and what may be */
  async create(grant: TokenGrant, author: string): Promise<{ token: string; info: TokenInfo }> {
    await this.#forgetExpired();
    const id = randomBytes(5).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    const now = this.#clock.wallNow();
    const info: TokenInfo = {
      id,
      kind: grant.kind,
      namespace: grant.namespace ?? null,
      serviceAccount: grant.serviceAccount ?? null,
      name: grant.name ?? null,
      createdAt: now,
      createdBy: author,
      expiresAt: grant.ttlMs === null ? null : now + grant.ttlMs,
      usesLeft: grant.uses,
    };
    const record: TokenRecord = { ...info, hash: sha256(secret).toString('hex') };
    await this.#store.commit({
      compares: [{ key: TOKENS_PREFIX + id, modRevision: 0 }],
      operations: [{ type: 'put', key: TOKENS_PREFIX + id, value: record }],
    });
    return { token: formatToken({ id, secret, pin: this.#pin() }), info };
  }

  /** The same token for those who recognise this service by its root of now; undefined if it says so already, or is none. */
  pinned(token: string): string | undefined {
    const parts = parseToken(token);
    const pin = this.#pin();
    return parts === undefined || parts.pin === pin ? undefined : formatToken({ ...parts, pin });
  }

  /** What the token allows; undefined: it is none of ours, expired, used up or revoked, and it is nobody's business which. */
  async verify(token: string): Promise<TokenInfo | undefined> {
    const parts = parseToken(token);
    if (parts === undefined) return undefined;
    const record = (await this.#store.get(TOKENS_PREFIX + parts.id))?.value as TokenRecord | undefined;
    const given = sha256(parts.secret);
    const expected = record === undefined ? Buffer.alloc(given.length) : Buffer.from(record.hash, 'hex');
    if (!timingSafeEqual(given, expected) || record === undefined) return undefined;
    return this.#isGood(record) ? shown(record) : undefined;
  }

  /** Takes one use off a token. false: there was none left. */
  async consume(id: string): Promise<boolean> {
    for (;;) {
      const entry = await this.#store.get(TOKENS_PREFIX + id);
      const record = entry?.value as TokenRecord | undefined;
      if (entry === undefined || record === undefined || !this.#isGood(record)) return false;
      if (record.usesLeft === null) return true;
      const left: TokenRecord = { ...record, usesLeft: record.usesLeft - 1 };
      const { ok } = await this.#store.commit({
        compares: [{ key: entry.key, modRevision: entry.modRevision }],
        operations: [{ type: 'put', key: entry.key, value: left }],
      });
      if (ok) return true;
    }
  }

  async list(): Promise<TokenInfo[]> {
    const { entries } = await this.#store.list(TOKENS_PREFIX);
    return entries.map((entry) => shown(entry.value as TokenRecord));
  }

  async find(id: string): Promise<TokenInfo | undefined> {
    const record = (await this.#store.get(TOKENS_PREFIX + id))?.value as TokenRecord | undefined;
    return record && shown(record);
  }

  /** false: there is no such token. */
  async revoke(id: string): Promise<boolean> {
    const entry = await this.#store.get(TOKENS_PREFIX + id);
    if (entry === undefined) return false;
    await this.#store.commit({ operations: [{ type: 'delete', key: entry.key }] });
    return true;
  }

  #isGood(record: TokenInfo): boolean {
    const expired = record.expiresAt !== null && record.expiresAt <= this.#clock.wallNow();
    return !expired && record.usesLeft !== 0;
  }

  /** Those that ended a day ago or more; until then a list still shows them, for whoever wonders. */
  async #forgetExpired(): Promise<void> {
    const before = this.#clock.wallNow() - 86_400_000;
    const isOld = (entry: Entry) => ((entry.value as TokenRecord).expiresAt ?? Infinity) < before;
    const old = (await this.#store.list(TOKENS_PREFIX)).entries.filter(isOld);
    if (old.length === 0) return;
    await this.#store.commit({
      operations: old.map((entry) => ({ type: 'delete', key: entry.key }) as const),
    });
  }
}

function sha256(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function shown({ hash: _, ...info }: TokenRecord): TokenInfo {
  return info;
}
