/**
 * What the head of an exchange may claim about its caller, and what it may not.
 */
import { isIP } from 'node:net';
import { type HeaderFields, headerValue } from '../base/headers.js';
import type { Peer } from '../model/exchange.js';
import { CHECK_HEADER } from '../security/authorize/check.js';
import { ATTEMPT_HEADER, RETRIES_HEADER } from '../traffic/retry/tree.js';
import { DEADLINE_HEADER } from '../traffic/timeout/index.js';

/**
 * Address of the caller: the direct peer, or with `trustedHops` proxies before us the entry that the outermost of them wrote.
 * @source Envoy `xff_num_trusted_hops` with `use_remote_address`: the Nth entry from the right, else the direct peer
 */
export function remoteIpOf(headers: HeaderFields, peer: Peer, trustedHops: number): string {
  if (trustedHops <= 0) return peer.address;
  const entries = (headerValue(headers, 'x-forwarded-for') ?? '').split(',');
  const entry = entries.length >= trustedHops ? entries[entries.length - trustedHops]!.trim() : '';
  return isIP(entry) === 0 ? peer.address : entry;
}

/**
 * Must this field be taken off before anything reads it? Identity comes from the connection, never from a field, and the fields
 * by which proxies of the mesh talk to each other are taken from nobody who did not prove who it is. Deadlines are: they only
 * shorten; and so is what is said of retries: it only makes them fewer.
 */
export function isSpoofable(name: string, peer: Peer): boolean {
  if (name === 'x-forwarded-client-cert') return true;
  if (peer.id !== null || REDUCING.has(name)) return false;
  return name.startsWith('x-envoy-') || name.startsWith('x-heddle-');
}

const REDUCING: ReadonlySet<string> = new Set([
  CHECK_HEADER,
  DEADLINE_HEADER,
  'x-envoy-expected-rq-timeout-ms',
  ATTEMPT_HEADER,
  RETRIES_HEADER,
]);

/** Is `authority` something that a router and a policy would read alike? */
export function isAuthority(authority: string): boolean {
  if (authority === lastAuthority) return true;
  if (authority.length > 1024 || !AUTHORITY.test(authority)) return false;
  lastAuthority = authority;
  return true;
}

const AUTHORITY = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
/** A workload is called by few names, mostly by one: it is not read again with every request. */
let lastAuthority = 'localhost';
