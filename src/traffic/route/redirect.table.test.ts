/**
 * Where redirects point: one row a field, or two of them together.
 * @source Istio `route.go` ApplyRedirect; Envoy `utility.cc` newUri, processRequestHost; spec traffic.md §2.5
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteAction, StringMatch } from './policy.js';
import { redirectLocation } from './redirect.js';
import type { RequestFacts } from './request-parts.js';

type Redirect = Partial<Extract<RouteAction, { kind: 'redirect' }>>;

interface Row {
  readonly what: string;
  readonly redirect: Redirect;
  readonly facts?: Partial<RequestFacts>;
  readonly uri?: StringMatch;
  readonly location: string;
}

const at = (authority: string, port = 80, scheme = 'http') => ({ authority, port, scheme });

const TABLE: readonly Row[] = [
  { what: 'uri keeps the query', redirect: { uri: '/n' }, location: 'http://a:8080/n?q=1' },
  { what: 'uri with a query of its own', redirect: { uri: '/n?z' }, location: 'http://a:8080/n?z' },
  { what: 'uri without a slash gets one', redirect: { uri: 'n' }, location: 'http://a:8080/n?q=1' },
  {
    what: 'prefixRewrite of a prefix',
    redirect: { prefixRewrite: '/new' },
    uri: { prefix: '/old' },
    location: 'http://a:8080/new/x?q=1',
  },
  {
    what: 'prefixRewrite where nothing is asked of the path',
    redirect: { prefixRewrite: '/new/' },
    location: 'http://a:8080/new/old/x?q=1',
  },
  {
    what: 'prefixRewrite takes the slash that the prefix had',
    redirect: { prefixRewrite: '/new' },
    uri: { prefix: '/old/' },
    location: 'http://a:8080/newx?q=1',
  },
  {
    what: 'prefixRewrite of an exact path',
    redirect: { prefixRewrite: '/new' },
    uri: { exact: '/old/x' },
    location: 'http://a:8080/new?q=1',
  },
  {
    what: 'prefixRewrite of a regex is one of the whole path',
    redirect: { prefixRewrite: '/new' },
    uri: { regex: '/old/.*' },
    location: 'http://a:8080/new?q=1',
  },
  { what: 'authority takes the port along', redirect: { authority: 'b' }, location: 'http://b/old/x?q=1' },
  { what: 'scheme', redirect: { scheme: 'https' }, location: 'https://a:8080/old/x?q=1' },
  {
    what: "scheme: the old one's default port goes",
    redirect: { scheme: 'https' },
    facts: at('a:80'),
    location: 'https://a/old/x?q=1',
  },
  {
    what: 'scheme: 443 of https goes',
    redirect: { scheme: 'http' },
    facts: at('a:443', 443, 'https'),
    location: 'http://a/old/x?q=1',
  },
  {
    what: 'the same scheme keeps its default port',
    redirect: { uri: '/n' },
    facts: at('a:80'),
    location: 'http://a:80/n?q=1',
  },
  { what: 'port', redirect: { port: 9090 }, location: 'http://a:9090/old/x?q=1' },
  {
    what: 'port 80 of http is left out, and the port that was sent stays',
    redirect: { port: 80 },
    location: 'http://a:8080/old/x?q=1',
  },
  {
    what: 'port 443 of https is left out',
    redirect: { port: 443, scheme: 'https', authority: 'b' },
    location: 'https://b/old/x?q=1',
  },
  {
    what: 'port 443 of http is not',
    redirect: { port: 443, authority: 'b' },
    location: 'http://b:443/old/x?q=1',
  },
  {
    what: 'derived from the request',
    redirect: { port: 'FROM_REQUEST_PORT', authority: 'b' },
    location: 'http://b:8080/old/x?q=1',
  },
  {
    what: "derived from the request, the scheme's default",
    redirect: { port: 'FROM_REQUEST_PORT', authority: 'b' },
    facts: at('a', 80),
    location: 'http://b/old/x?q=1',
  },
  {
    what: "the protocol's default",
    redirect: { port: 'FROM_PROTOCOL_DEFAULT', authority: 'b', scheme: 'https' },
    location: 'https://b/old/x?q=1',
  },
  {
    what: 'an IPv6 address',
    redirect: { port: 9090 },
    facts: at('[::1]:8080'),
    location: 'http://[::1]:9090/old/x?q=1',
  },
  {
    what: 'an IPv6 address without a port',
    redirect: { scheme: 'https' },
    facts: at('[::1]'),
    location: 'https://[::1]/old/x?q=1',
  },
  {
    what: 'what no URI may hold is encoded',
    redirect: { authority: 'b' },
    facts: { path: '/ä b\r\nset-cookie: x\0%20' },
    location: 'http://b/%C3%A4%20b%0D%0Aset-cookie:%20x%00%20',
  },
  {
    what: 'half of a surrogate pair',
    redirect: { authority: 'b' },
    facts: { path: '/\ud800' },
    location: 'http://b/%EF%BF%BD',
  },
];

for (const { what, redirect, facts, uri, location } of TABLE)
  test(`redirect: ${what}`, () => {
    const request: RequestFacts = {
      method: 'GET',
      scheme: 'http',
      authority: 'a:8080',
      path: '/old/x?q=1',
      headers: {},
      port: 8080,
      ...facts,
    };
    assert.equal(redirectLocation({ kind: 'redirect', status: 301, ...redirect }, uri, request), location);
  });
