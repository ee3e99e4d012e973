/** What an exchange was expected to become, against what explanation says. What is not named is not compared. */
import type { InboundExplanation } from '../explain-inbound.js';
import { Differences } from './differences.js';
import type { ExchangeCase } from './schema.js';

export function compareExchange(
  expectation: ExchangeCase['expect'],
  actual: InboundExplanation,
  namespace: string,
): Differences {
  const found = new Differences();
  const expected = typeof expectation === 'string' ? { decision: expectation } : expectation;
  found.compare('decision', expected.decision, actual.decision);
  if (typeof expectation === 'string') return found;
  const { status, policy, rule, audited } = expectation;
  found.compare('status', status, actual.status);
  const full = (name: string) => (name.includes('/') || name === 'none' ? name : `${namespace}/${name}`);
  if (policy !== undefined) found.compare('policy', full(policy), actual.policy ?? 'none');
  found.compare('rule', rule, actual.rule ?? 'none');
  if (audited !== undefined) found.compare('audited', audited.map(full).sort(), [...actual.audited].sort());
  return found;
}
