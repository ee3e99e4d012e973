import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessLogPolicy } from '../policy.js';
import { compileAccessLog, wantsLine } from './decide.js';

const FACTS = () => ({ response: { code: 404n } });

const ROWS: readonly [what: string, policy: readonly AccessLogPolicy[], wants: boolean | undefined][] = [
  ['nothing', [], undefined],
  ['a provider that this process has not', [{ provider: 'otel' }], undefined],
  ['its own', [{ provider: '' }], true],
  ["Istio's name for it", [{ provider: 'envoy' }], true],
  ['its own, off', [{ provider: 'envoy', disabled: true }], false],
  ['its own, off, and another that is on', [{ provider: '', disabled: true }, { provider: 'otel' }], false],
  ['a filter that holds', [{ provider: '', filter: 'response.code == 404' }], true],
  ['a filter that does not hold', [{ provider: '', filter: 'response.code >= 500' }], false],
  ['a filter about what is not known', [{ provider: '', filter: "request.path != '/healthz'" }], false],
  [
    'one of two filters',
    [
      { provider: '', filter: 'response.code >= 500' },
      { provider: 'envoy', filter: 'response.code == 404' },
    ],
    true,
  ],
  ['a filter beside none', [{ provider: '', filter: 'false' }, { provider: 'envoy' }], true],
  ['off under one name, on under the other', [{ provider: '', disabled: true }, { provider: 'envoy' }], true],
];
for (const [what, policy, wants] of ROWS)
  test(`${what}: ${wants === undefined ? 'the setting holds' : wants ? 'a line' : 'no line'}`, () => {
    const rule = compileAccessLog(policy);
    assert.equal(rule && wantsLine(rule, FACTS), wants);
  });

test('nothing is asked of an exchange where there is no filter', () => {
  const rule = compileAccessLog([{ provider: '' }])!;
  assert.equal(
    wantsLine(rule, () => assert.fail('asked')),
    true,
  );
});

test('a filter that is no expression is refused', () => {
  assert.throws(() => compileAccessLog([{ provider: '', filter: ')++++' }]));
});
