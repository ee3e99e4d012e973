import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteAction, StringMatch } from './policy.js';
import { redirectLocation } from './redirect.js';
import type { RequestFacts } from './request-parts.js';

type Redirect = Extract<RouteAction, { kind: 'redirect' }>;

function location(parts: Partial<Redirect>, facts: Partial<RequestFacts> = {}, uri?: StringMatch): string {
  const request = {
    method: 'GET',
    scheme: 'http',
    authority: 'a.example:8080',
    path: '/old/x?q=1',
    headers: {},
    port: 8080,
  };
  return redirectLocation({ kind: 'redirect', status: 301, ...parts }, uri, { ...request, ...facts });
}

test('uri replaces the whole path and keeps the query unless it holds one', () => {
  assert.equal(location({ uri: '/new' }), 'http://a.example:8080/new?q=1');
  assert.equal(location({ uri: '/new?z=2' }), 'http://a.example:8080/new?z=2');
});

test('prefixRewrite replaces what the prefix matched', () => {
  assert.equal(
    location({ prefixRewrite: '/new' }, {}, { prefix: '/old' }),
    'http://a.example:8080/new/x?q=1',
  );
});

test('the authority replaces host and port', () => {
  assert.equal(location({ authority: 'b.example' }), 'http://b.example/old/x?q=1');
});

test('a port that is the default of the scheme is left out', () => {
  assert.equal(location({ scheme: 'https', port: 443, authority: 'b' }), 'https://b/old/x?q=1');
  assert.equal(location({ port: 9090 }), 'http://a.example:9090/old/x?q=1');
  assert.equal(location({ port: 'FROM_REQUEST_PORT', authority: 'b' }), 'http://b:8080/old/x?q=1');
  assert.equal(location({ port: 'FROM_PROTOCOL_DEFAULT', authority: 'b' }), 'http://b/old/x?q=1');
});

test('the default port of the old scheme goes when the scheme changes', () => {
  assert.equal(location({ scheme: 'https' }, { authority: 'a:80', port: 80 }), 'https://a/old/x?q=1');
  assert.equal(location({ scheme: 'https' }, { authority: 'a:8080' }), 'https://a:8080/old/x?q=1');
});
