/**
 * CUSTOM: somebody outside is asked whether an exchange may come in, before its token is looked at.
 */
import type {
  BodyAhead,
  Exchange,
  ExchangeFacts,
  FieldChanges,
  InboundVerdict,
  Refusal,
} from '../model/exchange.js';
import {
  BODY_TOO_LARGE,
  checkCall,
  decideCheck,
  isOwnCheck,
  type SendCheck,
} from '../security/authorize/check.js';
import type { EffectiveCheckProvider } from '../security/authorize/provider.js';

/** @returns why the exchange may not come in; null: it may, and is as the provider wants it to be seen. Never rejects. */
export async function askProvider(
  exchange: Exchange,
  provider: EffectiveCheckProvider,
  send: SendCheck,
): Promise<Refusal | null> {
  const { facts, path } = exchange;
  // No one can say more than what is asked for already; and it would ask for ever.
  if (isOwnCheck(provider, facts.headers))
    return decideAndApply(exchange, { ...provider, failOpen: false }, null);
  let body: BodyAhead | null = null;
  if (provider.body !== undefined) {
    const { maxBytes, allowPartial } = provider.body;
    exchange.bodyWanted = maxBytes;
    // The adapter hears of it when the exchange has begun, which is now.
    await null;
    const ahead = exchange.bodyAhead;
    // A body that nobody here can look at must not pass for none.
    if (ahead === null && mayHaveBody(facts))
      return decideAndApply(exchange, { ...provider, failOpen: false }, null);
    body = await ahead;
    if (body !== null && !body.complete && !allowPartial) return BODY_TOO_LARGE;
  }
  const { method, authority, headers } = facts;
  const answer = await send(checkCall(provider, { method, authority, path, headers }, body));
  return decideAndApply(exchange, provider, answer);
}

function mayHaveBody({ protocol, headers }: ExchangeFacts): boolean {
  const length = headers['content-length'];
  if (length === undefined) return protocol === 'HTTP/2' || headers['transfer-encoding'] !== undefined;
  return length !== '0';
}

function decideAndApply(
  exchange: Exchange,
  provider: EffectiveCheckProvider,
  answer: Awaited<ReturnType<SendCheck>>,
): Refusal | null {
  const decided = decideCheck(provider, answer);
  if (decided.kind === 'deny') {
    exchange.flags.add('UAEX');
    return decided.refusal;
  }
  const { changes, answerHeaders } = decided;
  change(exchange, changes);
  for (const _ in answerHeaders) {
    exchange.server?.addToAnswer?.(answerHeaders);
    break;
  }
  return null;
}

/** What logs say of an exchange that was refused so. */
export function refusedBy(verdict: InboundVerdict, { because }: Refusal): InboundVerdict {
  return { ...verdict, because };
}

/** Puts `changes` on top of those that were made before. */
export function change(exchange: Exchange, { remove, set }: FieldChanges): void {
  const { headers } = exchange.facts;
  for (const name of remove) delete headers[name];
  for (const name in set) headers[name] = set[name]!;
  const before = exchange.changes;
  if (before === null) {
    exchange.changes = { remove, set };
    return;
  }
  const kept: Record<string, string> = Object.create(null);
  for (const name in before.set) if (!remove.includes(name)) kept[name] = before.set[name]!;
  exchange.changes = { remove: [...before.remove, ...remove], set: Object.assign(kept, set) };
}
