import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderFields } from '../../base/headers.js';
import { applyHeaders, authorityOf, compileHeaders } from './decide.js';
import { headerValueFault } from './format.js';
import type { HeaderOperations } from './policy.js';

function apply(operations: HeaderOperations, headers: HeaderFields): HeaderFields {
  const context = { method: 'GET', scheme: 'http', authority: 'reviews', path: '/p', headers };
  applyHeaders(compileHeaders(operations, undefined, false), headers, context);
  return headers;
}

test('removals come first, then set, then add', () => {
  const operations = { remove: ['a', 'b'], set: { b: 'set' }, add: { b: 'more', c: 'new' } };
  assert.deepEqual(apply(operations, { a: '1', b: '2', d: '4' }), { b: ['set', 'more'], c: 'new', d: '4' });
});

test('host and pseudo-headers are not headers here', () => {
  assert.deepEqual(apply({ set: { host: 'x', ':path': '/' }, remove: ['host'] }, { host: 'h' }), {
    host: 'h',
  });
  assert.equal(authorityOf({ add: { host: 'added' }, set: { ':authority': 'set' } }), 'set');
  assert.equal(authorityOf({ add: { host: 'added' } }), 'added');
});

test('operators are filled in and an empty result is left out', () => {
  const set = { a: '%REQ(x-user)%', b: '%REQ(none)%', c: '100%%', d: '%REQ(none?:path):1%', e: '%PROTOCOL%' };
  assert.deepEqual(apply({ set }, { 'x-user': 'ann' }), {
    'x-user': 'ann',
    a: 'ann',
    c: '100%',
    d: '/',
    e: 'HTTP/1.1',
  });
});

test('%RESP% reads the response that is being changed, and nothing while there is only a request', () => {
  const steps = compileHeaders({ set: { b: '%RESP(a)% by %HOSTNAME%' } }, undefined, false);
  const call = {
    method: 'GET',
    scheme: 'http',
    authority: 'x',
    path: '/',
    headers: { a: 'asked' },
    hostname: 'h',
  };
  const response: HeaderFields = { a: 'told' };
  applyHeaders(steps, response, call);
  assert.equal(response.b, 'told by h');
  applyHeaders(steps, call.headers, call);
  assert.equal((call.headers as HeaderFields).b, ' by h');
});

test('broken operators are refused with the reason', () => {
  assert.match(headerValueFault('50%')!, /%%/);
  assert.match(headerValueFault('%NOPE%')!, /not an operator/);
  assert.match(headerValueFault('%REQ%')!, /needs the name/);
  assert.match(headerValueFault('%req(x)%')!, /complete operator/);
  assert.match(headerValueFault('a\r\nb: c')!, /line break/);
  assert.equal(headerValueFault('%START_TIME% %HOSTNAME%'), null);
});
