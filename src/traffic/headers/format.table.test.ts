/**
 * Every command operator. One row a value.
 * @source Envoy `docs/root/configuration/observability/access_log/usage.rst`; Istio `header_value_validator.go`; spec traffic.md §2.6.5
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEADER_OPERATORS, type HeaderContext, HeaderFormat, headerValueFault } from './format.js';

const CALL: HeaderContext = {
  method: 'GET',
  scheme: 'http',
  authority: 'reviews:9080',
  path: '/a?b=c',
  headers: { 'x-user': 'ann', 'x-many': ['one', 'two'], 'x-empty': '', 'x-evil': 'a\r\nb\0c\td' },
  protocol: 'HTTP/2',
  startedWall: Date.UTC(2026, 0, 31, 13, 4, 5, 67),
  downstreamAddress: '10.0.0.1:4711',
  upstreamHost: '[fd00::1]:8080',
  hostname: 'pod-1',
};
const RESPONSE = { 'x-took': '12' };

const TABLE: readonly [value: string, text: string][] = [
  ['plain', 'plain'],
  ['100%%', '100%'],
  ['%%REQ(x-user)%%', '%REQ(x-user)%'],
  ['%REQ(x-user)%', 'ann'],
  ['%REQ(X-User)%', 'ann'],
  ['%REQ(none)%', ''],
  ['%REQ(none?x-user)%', 'ann'],
  ['%REQ(x-empty?x-user)%', ''],
  ['%REQ(x-user):2%', 'an'],
  ['%REQ(none?x-user):1%', 'a'],
  ['%REQ(x-user):99%', 'ann'],
  ['%REQ(x-many)%', 'one'],
  ['%REQ(:path)%', '/a?b=c'],
  ['%REQ(:method)% %REQ(:scheme)%', 'GET http'],
  ['%REQ(:authority)%', 'reviews:9080'],
  ['%REQ(Host)%', 'reviews:9080'],
  ['%REQ_WITHOUT_QUERY(:path)%', '/a'],
  ['%REQ(x-evil)%', 'a  b c\td'],
  ['%RESP(x-took)%', '12'],
  ['%RESP(x-user)%', ''],
  ['%PROTOCOL%', 'HTTP/2'],
  ['%DOWNSTREAM_REMOTE_ADDRESS%', '10.0.0.1:4711'],
  ['%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', '10.0.0.1'],
  ['%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%', '10.0.0.1:4711'],
  ['%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%', '10.0.0.1'],
  ['%UPSTREAM_HOST%', '[fd00::1]:8080'],
  ['%UPSTREAM_REMOTE_ADDRESS%', '[fd00::1]:8080'],
  ['%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', 'fd00::1'],
  ['%HOSTNAME%', 'pod-1'],
  ['%START_TIME%', '2026-01-31T13:04:05.067Z'],
  ['%START_TIME(%Y-%m-%d %H:%M:%S)%', '2026-01-31 13:04:05'],
  ['%START_TIME(%s.%3f)%', '1769864645.067'],
  ['%START_TIME(%s %f %6f %1f)%', '1769864645 067000000 067000 0'],
  ['%START_TIME(%a %A %b %B %e %j)%', 'Sat Saturday Jan January 31 031'],
  ['%START_TIME(%F %T %R %I %p %y %u %w %z %Z %%)%', '2026-01-31 13:04:05 13:04 01 PM 26 6 6 +0000 UTC %'],
  ['[%REQ(x-user)%] %% <%HOSTNAME%>', '[ann] % <pod-1>'],
];
for (const [value, text] of TABLE)
  test(`${value} is '${text}'`, () => {
    assert.equal(headerValueFault(value), null);
    assert.equal(new HeaderFormat(value).format(CALL, RESPONSE), text);
  });

const BROKEN: readonly [value: string, why: RegExp][] = [
  ['%', /%%/],
  ['50%', /%%/],
  ['%REQ', /%%/],
  ['%REQ(%', /complete operator/],
  ['%REQ(x%', /complete operator/],
  ['%REQ(x) y%', /complete operator/],
  ['%REQ(x):y%', /complete operator/],
  ['%req(x)%', /complete operator/],
  ['% %', /complete operator/],
  ['%REQ%', /needs the name/],
  ['%REQ()%', /needs the name/],
  ['%NOPE%', /not an operator/],
  ['%START_TIME(%Q)%', /%Q is not a part of a time/],
  ['a\r\nb', /line break/],
  ['a\0', /NUL/],
];
for (const [value, why] of BROKEN)
  test(`${JSON.stringify(value)} is refused`, () => assert.match(headerValueFault(value)!, why));

test('nothing is known of a call that says nothing', () => {
  const call = { method: 'GET', scheme: 'http', authority: '', path: '/', headers: {} };
  for (const operator of HEADER_OPERATORS.filter((name) => name !== 'PROTOCOL')) {
    const args = /^(REQ|RESP)/.test(operator) ? '(none)' : '';
    assert.equal(new HeaderFormat(`%${operator}${args}%`).format(call, {}), '', operator);
  }
  assert.equal(new HeaderFormat('%PROTOCOL%').format(call, {}), 'HTTP/1.1');
});
