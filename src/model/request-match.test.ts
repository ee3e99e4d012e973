import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRequestMatch, type RequestFacts, type RequestMatch } from './request-match.js';

const FACTS: RequestFacts = {
  method: 'GET',
  path: '/api/items?page=2',
  headers: { 'x-tier': 'gold', accept: ['text/html', 'text/plain'] },
  principal: 'cluster.local/ns/shop/sa/web',
};

const matches = (match: RequestMatch | undefined, facts: Partial<RequestFacts> = {}) =>
  compileRequestMatch(match)({ ...FACTS, ...facts });

test('no condition matches every request', () => {
  assert.equal(matches(undefined), true);
  assert.equal(matches({}), true);
});

test('paths are exact, beginnings, ends or any, and the query is not looked at', () => {
  assert.equal(matches({ paths: ['/api/items'] }), true);
  assert.equal(matches({ paths: ['/api'] }), false);
  assert.equal(matches({ paths: ['/api/*'] }), true);
  assert.equal(matches({ paths: ['*/items'] }), true);
  assert.equal(matches({ paths: ['*'] }), true);
  assert.equal(matches({ paths: ['/API/*'] }), false);
  assert.equal(matches({ paths: ['/x', '/api/items'] }), true);
});

test('fields are exact, beginnings or there; several values are one text', () => {
  assert.equal(matches({ headers: { 'x-tier': { exact: 'gold' } } }), true);
  assert.equal(matches({ headers: { 'x-tier': { exact: 'silver' } } }), false);
  assert.equal(matches({ headers: { 'x-tier': { prefix: 'go' } } }), true);
  assert.equal(matches({ headers: { 'x-tier': {} } }), true);
  assert.equal(matches({ headers: { 'x-other': {} } }), false);
  assert.equal(matches({ headers: { 'x-other': { prefix: 'a' } } }), false);
  assert.equal(matches({ headers: { accept: { exact: 'text/html, text/plain' } } }), true);
});

test('a principal that nobody proved matches none, not even any', () => {
  assert.equal(matches({ principals: ['cluster.local/ns/shop/*'] }), true);
  assert.equal(matches({ principals: ['*'] }, { principal: null }), false);
});

test('all conditions have to hold', () => {
  assert.equal(matches({ paths: ['/api/*'], methods: ['GET', 'HEAD'] }), true);
  assert.equal(matches({ paths: ['/api/*'], methods: ['POST'] }), false);
});
