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

test('levels come one after the other: with several destinations theirs first, each with its removals before its changes', () => {
  const rule = { remove: ['x'], set: { y: 'rule' }, add: { z: 'rule' } };
  const destination = { remove: ['y'], set: { x: 'destination' }, add: { z: 'destination' } };
  const applied = (several: boolean) => {
    const headers: HeaderFields = { x: '0', y: '0', z: '0' };
    const context = { method: 'GET', scheme: 'http', authority: 'a', path: '/', headers };
    applyHeaders(compileHeaders(rule, destination, several), headers, context);
    return headers;
  };
  // One list: all removals, then the rule's changes, then the destination's.
  assert.deepEqual(applied(false), { z: ['0', 'rule', 'destination'], y: 'rule', x: 'destination' });
  // Two lists: what the destination sets the rule removes again.
  assert.deepEqual(applied(true), { z: ['0', 'destination', 'rule'], y: 'rule' });
});

test('names are taken in order of the alphabet, and in any case', () => {
  const steps = compileHeaders({ set: { b: '1', A: '2' }, add: { D: '3', c: '4' } }, undefined, false);
  assert.deepEqual(
    steps.map(({ kind, name }) => `${kind} ${name}`),
    ['set a', 'set b', 'add d', 'add c'],
  );
});

test('a line break in a name or value that came over the wire is refused', () => {
  assert.throws(() => compileHeaders({ set: { a: 'x\r\nb: c' } }, undefined, false), /line break/);
  assert.throws(() => compileHeaders({ add: { 'a\n': 'x' } }, undefined, false), /line break/);
});

test('broken operators are refused with the reason', () => {
  assert.match(headerValueFault('50%')!, /%%/);
  assert.match(headerValueFault('%NOPE%')!, /not an operator/);
  assert.match(headerValueFault('%REQ%')!, /needs the name/);
  assert.match(headerValueFault('%req(x)%')!, /complete operator/);
  assert.match(headerValueFault('a\r\nb: c')!, /line break/);
  assert.equal(headerValueFault('%START_TIME% %HOSTNAME%'), null);
});
