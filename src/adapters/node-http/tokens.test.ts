/** Tokens, over real sockets: an issuer that serves its keys, a port of the mesh, and callers good and bad. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.js';
import { get, inboundPolicy, RawClient, TestPath } from '../../inbound/fixtures.test.js';
import type { EffectiveInbound } from '../../policy/effective.js';
import { jwks, rule, TestKey, tamper, unsigned } from '../../security/token/fixtures.test.js';
import type { JwtRuleSpec } from '../../security/token/policy.js';
import { TextFetcher } from '../undici/fetch-text.js';
import { listen } from './index.js';

let key: TestKey;
let rsa: TestKey;
before(async () => {
  [key, rsa] = [await TestKey.create('first'), await TestKey.create('rsa', 'RS256')];
});

/** Serves what a test says at `/keys`, and says so at `/.well-known/openid-configuration`. */
async function issuer(t: TestContext) {
  const place = { keys: jwks(key, rsa), status: 200, asked: 0, url: '', issuer: '' };
  const server = createServer((request, response) => {
    if (request.url === '/moved') {
      response.writeHead(302, { location: '/keys' }).end();
      return;
    }
    if (request.url !== '/keys') {
      response.end(JSON.stringify({ jwks_uri: place.url }));
      return;
    }
    place.asked += 1;
    response.statusCode = place.status;
    response.end(place.keys);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  place.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  place.url = `${place.issuer}/keys`;
  return place;
}

/** What the handler was given. */
interface Seen {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly claims: unknown;
  readonly principal: string | null;
}

async function serve(t: TestContext, policy: EffectiveInbound) {
  const fetcher = new TextFetcher();
  const mesh = new TestPath(policy, 0, fetcher.fetch);
  const seen: Seen[] = [];
  const target = (request: IncomingMessage, response: { end(text: string): unknown }) => {
    const exchange = mesh.ambient.getStore();
    seen.push({
      url: request.url ?? '',
      headers: { ...request.headers },
      rawHeaders: [...request.rawHeaders],
      claims: exchange?.claims,
      principal: exchange?.requestPrincipal ?? null,
    });
    response.end('hello');
  };
  const listening = await listen(mesh.path, { target, port: 0, tls: null }, { address: '127.0.0.1' });
  t.after(async () => {
    const closing = listening.close(0);
    mesh.clock.advance(1);
    await closing;
    await fetcher.close();
  });
  const ask = async (text: string) => {
    const caller = await RawClient.connect(listening.port);
    caller.say(text);
    const heard = await caller.hear(/\r\n\r\n[\s\S]+/);
    await caller.close();
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(heard)?.[1]), heard, body: heard.split('\r\n\r\n')[1] };
  };
  return { mesh, seen, ask, port: listening.port };
}

const tokens = (...specs: JwtRuleSpec[]) => inboundPolicy({ tokens: specs.map((spec) => rule(spec)) });
const exp = () => Math.floor(systemClock.wallNow() / 1_000) + 3_600;
const bearer = (token: string) => get('/', `authorization: Bearer ${token}`);

test('a token that its issuer has signed says who asks; the handler does not see it', async (t) => {
  const { url } = await issuer(t);
  const { ask, seen, mesh } = await serve(
    t,
    tokens({
      jwksUri: url,
      outputPayloadToHeader: 'x-payload',
      outputClaimToHeaders: [{ header: 'x-role', claim: 'role' }],
    }),
  );
  const token = await key.sign({ role: 'admin', exp: exp() });
  const { status } = await ask(get('/', `Authorization: Bearer ${token}`, 'x-role: forged'));
  assert.equal(status, 200);
  assert.equal(seen[0]?.principal, 'https://issuer.example/alice');
  assert.equal((seen[0]?.claims as { role?: string } | undefined)?.role, 'admin');
  assert.equal(seen[0]?.headers.authorization, undefined);
  assert.equal(seen[0]?.headers['x-role'], 'admin');
  assert.equal(seen[0]?.headers['x-payload'], token.split('.')[1]);
  assert.equal(seen[0]?.rawHeaders.join(' ').includes(token), false);
  assert.equal(seen[0]?.rawHeaders.includes('forged'), false);
  assert.deepEqual(mesh.warnings, []);
});

test('a token is verified once, and its keys are fetched once', async (t) => {
  const place = await issuer(t);
  const { ask, seen, mesh } = await serve(t, tokens({ jwksUri: place.url }));
  const text = bearer(await key.sign({ exp: exp() }));
  for (let count = 0; count < 3; count += 1) assert.equal((await ask(text)).status, 200);
  assert.equal(place.asked, 1);
  // From the second time on nothing has to be waited for.
  assert.equal(seen.length, 3);
  assert.ok(mesh.started.every(({ waiting }) => waiting === null));
});

test('whatever is wrong with a token, the answer is 401 or 403 in the words of Envoy, and no handler runs', async (t) => {
  const { url } = await issuer(t);
  const { ask, seen, mesh } = await serve(t, tokens({ jwksUri: url, audiences: ['reviews'] }));
  const stranger = await TestKey.create('first');
  const good = { exp: exp(), aud: 'reviews' };
  const claims = { iss: 'https://issuer.example', sub: 'root', ...good };
  const cases: [token: string, status: number, body: string][] = [
    [await key.sign(good), 200, 'hello'],
    ['x', 401, 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections'],
    [await key.sign({ ...good, exp: 1 }), 401, 'Jwt is expired'],
    [await key.sign({ ...good, nbf: exp() }), 401, 'Jwt not yet valid'],
    [await key.sign({ ...good, aud: 'other' }), 403, 'Audiences in Jwt are not allowed'],
    [await key.sign({ ...good, iss: 'other' }), 401, 'Jwt issuer is not configured'],
    [tamper(await key.sign(good), 2), 401, 'Jwt verification fails'],
    [await stranger.sign(good), 401, 'Jwt verification fails'],
    [await key.sign(good, { kid: 'none' }), 401, "Jwks doesn't have key to match kid or alg from Jwt"],
    [unsigned({ alg: 'none' }, claims), 401, 'Jwt header [alg] is not supported'],
    [
      unsigned({ alg: 'HS256', kid: 'rsa' }, claims),
      401,
      "Jwks doesn't have key to match kid or alg from Jwt",
    ],
    [unsigned({ alg: 'RS256', kid: 'rsa' }, claims), 401, 'Jwt verification fails'],
  ];
  for (const [token, status, body] of cases) {
    const answer = await ask(bearer(token));
    assert.deepEqual([answer.status, answer.body], [status, body]);
    if (status === 200) continue;
    assert.match(
      answer.heard,
      /\r\nwww-authenticate: Bearer realm="http:\/\/reviews\/", error="invalid_token"\r\n/,
    );
    assert.match(answer.heard, /\r\ncontent-type: text\/plain\r\n/);
  }
  assert.equal(seen.length, 1);
  const ended = await mesh.endedBy(cases.length);
  assert.equal(ended[2]?.verdict?.because, 'jwt_authn_access_denied{Jwt_is_expired}');
  assert.equal(ended[2]?.verdict?.policy, 'default/tokens');
});

test('tokens are found in headers, parameters and cookies of any name, and logs do not have them', async (t) => {
  const { url } = await issuer(t);
  const places = {
    fromHeaders: [{ name: 'x-jwt', prefix: 'Value ' }],
    fromParams: ['jwt'],
    fromCookies: ['session'],
  };
  const { ask, seen, mesh } = await serve(t, tokens({ jwksUri: url, ...places }));
  const token = await key.sign({ exp: exp() });
  assert.equal((await ask(get('/a', `x-jwt: Value ${token}`))).status, 200);
  assert.equal((await ask(get(`/a?b=1&jwt=${token}`))).status, 200);
  assert.equal((await ask(get('/a', `cookie: a=b; session=${token}`))).status, 200);
  assert.equal((await ask(get(`/a?jwt=${token}x`))).status, 401);
  assert.deepEqual(
    seen.map(({ url, principal }) => [url, principal]),
    [
      ['/a', 'https://issuer.example/alice'],
      ['/a?b=1', 'https://issuer.example/alice'],
      ['/a', 'https://issuer.example/alice'],
    ],
  );
  for (const { facts, refusal, verdict } of await mesh.endedBy(4)) {
    assert.equal(facts.path.includes(token), false);
    assert.equal(JSON.stringify([refusal, verdict]).includes(token.slice(-20)), false);
  }
});

test('a rule that forwards leaves the token where it is', async (t) => {
  const { url } = await issuer(t);
  const { ask, seen } = await serve(t, tokens({ jwksUri: url, forwardOriginalToken: true }));
  const token = await key.sign({ exp: exp() });
  await ask(bearer(token));
  assert.equal(seen[0]?.headers.authorization, `Bearer ${token}`);
});

test('an issuer that changes its keys is asked for the new ones when the first token of theirs comes', async (t) => {
  const place = await issuer(t);
  const { ask } = await serve(t, tokens({ issuer: place.issuer, jwks: '' }));
  const claims = { iss: place.issuer, exp: exp() };
  assert.equal((await ask(bearer(await key.sign(claims)))).status, 200);
  const next = await TestKey.create('next');
  place.keys = jwks(next);
  assert.equal((await ask(bearer(await next.sign(claims)))).status, 200);
  assert.equal(place.asked, 2);
  // What the old key has signed is not good any more, remembered or not.
  const old = await ask(bearer(await key.sign(claims)));
  assert.deepEqual([old.status, old.body], [401, "Jwks doesn't have key to match kid or alg from Jwt"]);
  assert.equal(place.asked, 2);
});

test('keys that cannot be had are no reason to believe a token', async (t) => {
  const place = await issuer(t);
  place.status = 503;
  const { ask, seen, mesh } = await serve(t, tokens({ jwksUri: place.url }));
  const token = await key.sign({ exp: exp() });
  for (let count = 0; count < 2; count += 1) {
    const answer = await ask(bearer(token));
    assert.deepEqual([answer.status, answer.body], [401, 'Jwks remote fetch is failed']);
  }
  assert.equal(place.asked, 1);
  assert.match(mesh.warnings[0] ?? '', /cannot get keys for tokens from .*\/keys: it answered 503/);
  // Who has no token is not concerned.
  assert.equal((await ask(get('/'))).status, 200);
  place.status = 200;
  mesh.clock.advance(1_000);
  assert.equal((await ask(bearer(token))).status, 200);
  assert.equal(seen.length, 2);
});

test('keys that have moved are followed', async (t) => {
  const place = await issuer(t);
  const { ask } = await serve(t, tokens({ jwksUri: `${place.issuer}/moved` }));
  assert.equal((await ask(bearer(await key.sign({ exp: exp() })))).status, 200);
});

test('rules of authorization see the token, the headers it fills, and not the one it came in', async (t) => {
  const { url } = await issuer(t);
  const allow = (when: { key: string; values: string[] }[]): EffectiveInbound['authorization'] => [
    { policy: 'default/who', action: 'ALLOW', dryRun: false, rules: [{ when }] },
  ];
  const rules = [rule({ jwksUri: url, outputClaimToHeaders: [{ header: 'x-role', claim: 'role' }] })];
  const token = await key.sign({ exp: exp(), role: 'admin', scope: 'read write' });
  for (const [key, value, status] of [
    ['request.auth.principal', 'https://issuer.example/alice', 200],
    ['request.auth.principal', 'https://issuer.example/bob', 403],
    ['request.auth.claims[scope]', 'write', 200],
    ['request.headers[x-role]', 'admin', 200],
    ['request.headers[authorization]', '*', 403],
  ] as const) {
    const policy = inboundPolicy({ tokens: rules, authorization: allow([{ key, values: [value] }]) });
    const { ask } = await serve(t, policy);
    assert.equal((await ask(bearer(token))).status, status, key);
    assert.equal((await ask(get('/', 'x-role: admin'))).status, 403);
  }
});

test('a body that arrives while a token is looked at is there for the handler', async (t) => {
  const { url } = await issuer(t);
  const mesh = await serve(t, tokens({ jwksUri: url }));
  const caller = await RawClient.connect(mesh.port);
  const token = await key.sign({ exp: exp() });
  caller.say(
    `POST / HTTP/1.1\r\nhost: reviews\r\nauthorization: Bearer ${token}\r\ncontent-length: 5\r\n\r\n12345`,
  );
  assert.match(await caller.hear(/hello/), /200 OK/);
  await caller.close();
});

test('a caller that leaves while its token is looked at is not served', async (t) => {
  const { mesh, seen, port } = await serve(t, tokens({ jwksUri: 'http://127.0.0.1:9/keys' }));
  const caller = await RawClient.connect(port);
  caller.say(bearer(await key.sign({ exp: exp() })));
  while (mesh.started.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await caller.close();
  const [exchange] = await mesh.endedBy(1);
  await exchange?.waiting;
  assert.equal(seen.length, 0);
});

test('an upgrade is let through with a good token, and refused like any request with a bad one', async (t) => {
  const { url } = await issuer(t);
  const fetcher = new TextFetcher();
  const mesh = new TestPath(tokens({ jwksUri: url }), 0, fetcher.fetch);
  const app = createServer();
  let upgrades = 0;
  app.on('upgrade', (request, socket) => {
    upgrades += 1;
    assert.equal(request.headers.authorization, undefined);
    socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
  });
  const listening = await listen(mesh.path, { target: app, port: 0, tls: null }, { address: '127.0.0.1' });
  t.after(async () => {
    const closing = listening.close(0);
    mesh.clock.advance(1);
    await closing;
    await fetcher.close();
  });
  const ask = async (token: string) => {
    const caller = await RawClient.connect(listening.port);
    caller.say(get('/', 'connection: upgrade', 'upgrade: echo', `authorization: Bearer ${token}`));
    await caller.closed;
    return caller.heard;
  };
  assert.match(await ask(await key.sign({ exp: exp() })), /^HTTP\/1\.1 101 /);
  const refused = await ask(tamper(await key.sign({ exp: exp() }), 2));
  assert.match(
    refused,
    /^HTTP\/1\.1 401 Unauthorized\r\n[\s\S]*www-authenticate: Bearer realm=[\s\S]*Jwt verification fails$/,
  );
  assert.equal(upgrades, 1);
});
