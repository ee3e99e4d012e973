import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange, ExchangeFacts } from '../model/exchange.js';
import type { EffectiveInbound } from '../policy/effective.js';
import type { CheckAnswer, CheckCall } from '../security/authorize/check.js';
import { effectiveCheckProvider } from '../security/authorize/provider.js';
import { inboundPolicy, TestPath } from './fixtures.test.js';

const opa = effectiveCheckProvider('opa', {
  service: 'opa.example',
  port: 8181,
  headersToUpstreamOnAllow: ['x-user'],
});

type Authorization = EffectiveInbound['authorization'][number];

const custom = (provider = 'opa'): Authorization => ({
  policy: 'default/ask',
  action: 'CUSTOM',
  dryRun: false,
  provider,
  rules: [{ to: [{ paths: { values: ['/asked'] } }] }],
});
const of = (action: 'ALLOW' | 'DENY', rule: Authorization['rules'][number]): Authorization => ({
  policy: `default/${action.toLowerCase()}`,
  action,
  dryRun: false,
  rules: [rule],
});

function mesh(
  authorization: EffectiveInbound['authorization'],
  answer: () => Promise<CheckAnswer | null>,
  provider = opa,
) {
  const asked: CheckCall[] = [];
  const policy = inboundPolicy({ authorization, providers: { opa: provider } });
  const path = new TestPath(policy, 0, undefined, (call) => {
    asked.push(call);
    return answer();
  });
  const begin = async (target: string, headers = {}): Promise<Exchange> => {
    const facts: ExchangeFacts = {
      method: 'GET',
      scheme: 'http',
      authority: 'reviews',
      path: target,
      headers: { 'x-user': 'root', ...headers },
      protocol: 'HTTP/1.1',
      peer: { id: null, address: '192.0.2.1', sni: null },
      remoteIp: '192.0.2.1',
      localAddress: '127.0.0.1',
      localPort: 80,
    };
    const exchange = path.path.begin(facts, null);
    if (target === '/asked' && asked.length > 0) assert.notEqual(exchange.refusal, null, 'nobody knows yet');
    await exchange.waiting;
    return exchange;
  };
  return { asked, begin, path };
}

const answering =
  (status: number, headers = {}) =>
  () =>
    Promise.resolve({ status, headers, body: 'told' });
const user = { 'x-user': 'alice' };

test('what CUSTOM does not match is not asked about, and waits for nobody', async () => {
  const { asked, begin } = mesh([custom()], answering(403));
  assert.equal((await begin('/other')).refusal, null);
  assert.equal(asked.length, 0);
});

test('a refusal of the authorizer is in the log with its flag, policy and rule, and before DENY', async () => {
  const { begin } = mesh([custom(), of('DENY', {})], answering(401));
  const { refusal, verdict, flags } = await begin('/asked');
  assert.deepEqual([refusal?.status, refusal?.body, refusal?.because], [401, 'told', 'ext_authz_denied']);
  assert.deepEqual(
    [verdict?.decision, verdict?.policy, verdict?.rule, verdict?.because],
    ['deny', 'default/ask', 0, 'ext_authz_denied'],
  );
  assert.deepEqual([...flags], ['UAEX']);
});

test('without an answer it is an error, in the log by that name', async () => {
  const { begin } = mesh([custom()], () => Promise.resolve(null));
  const { refusal, verdict, flags } = await begin('/asked');
  assert.deepEqual([refusal?.status, refusal?.body, verdict?.because], [403, '', 'ext_authz_error']);
  assert.deepEqual([...flags], ['UAEX']);
});

test('a yes is not the last word: DENY and ALLOW are asked after it, and see the headers that it set', async () => {
  const isAlice = { when: [{ key: 'request.headers[x-user]', values: ['alice'] }] };
  const denied = await mesh([custom(), of('DENY', isAlice)], answering(200, user)).begin('/asked');
  assert.equal(denied.verdict?.policy, 'default/deny');
  const allowed = await mesh([custom(), of('ALLOW', isAlice)], answering(200, user)).begin('/asked');
  assert.equal(allowed.refusal, null);
  assert.deepEqual({ ...allowed.changes?.set }, user);
  const unset = await mesh([custom(), of('ALLOW', isAlice)], answering(200)).begin('/asked');
  assert.equal(unset.refusal?.status, 403);
});

test('where nobody known is named, or not one alone, what CUSTOM matches is refused unasked', async () => {
  for (const list of [[custom('other')], [custom(), custom('other')]]) {
    const { asked, begin } = mesh(list, answering(200));
    const { refusal, verdict } = await begin('/asked');
    assert.deepEqual([refusal?.status, refusal?.body], [403, 'RBAC: access denied']);
    assert.match(verdict?.because ?? '', /deny-due-to-bad-CUSTOM-action/);
    assert.equal(asked.length, 0);
    assert.equal((await begin('/other')).refusal, null);
  }
});

test('who goes away while the authorizer thinks is not looked at any further', async () => {
  let answer: (value: CheckAnswer) => void = () => {};
  const { begin, path } = mesh([custom()], () => new Promise((resolve) => (answer = resolve)));
  const begun = begin('/asked');
  const [exchange] = path.started;
  path.path.end(exchange!, { status: 0, complete: false });
  answer({ status: 200, headers: {}, body: '' });
  await begun;
  assert.notEqual(exchange!.refusal, null);
});

test('a body that should be shown, where nobody can look at it, is no empty one', async () => {
  const wanted = { ...opa, failOpen: true, body: { maxBytes: 10, allowPartial: true } };
  const { asked, begin } = mesh([custom()], answering(200), wanted);
  assert.equal((await begin('/asked', { 'content-length': '5' })).refusal?.because, 'ext_authz_error');
  assert.equal((await begin('/asked', { 'transfer-encoding': 'chunked' })).refusal?.status, 403);
  assert.equal(asked.length, 0);
  assert.equal((await begin('/asked')).refusal, null);
});
