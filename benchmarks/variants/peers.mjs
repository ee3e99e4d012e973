/** What one would use instead of a mesh: clients as they are, and clients with resilience and telemetry around them by hand. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios from 'axios';
import CircuitBreaker from 'opossum';
import pRetry from 'p-retry';
import { Pool, request, fetch as undiciFetch } from 'undici';
import { peer } from '../harness/peers.mjs';

export async function peerVariants({ tls, plain, mtls, pem, path, telemetry }, add, later) {
  const origins = (tls ? mtls : plain).map((port) => `${tls ? 'https' : 'http'}://127.0.0.1:${port}`);
  const secure = { ...pem, checkServerIdentity: () => undefined, servername: 'peer' };
  const pools = origins.map(
    (origin) => new Pool(origin, { connections: null, ...(tls && { connect: secure }) }),
  );
  later(() => Promise.all(pools.map((pool) => pool.destroy())));
  const [dispatcher] = pools;
  const url = `${origins[0]}${path}`;

  const byRequest = async () => (await request(url, { dispatcher })).body.text();
  const byFetch = async () => (await undiciFetch(url, { dispatcher })).text();
  const byBuiltIn = async () => (await fetch(url, { dispatcher })).text();
  add('undici.request', { call: byRequest });
  add('undici.request, again', { call: async () => (await request(url, { dispatcher })).body.text() });
  let turn = 0;
  add('undici.request, 10 origins', {
    call: async () => {
      turn = (turn + 1) % pools.length;
      return (await request(`${origins[turn]}${path}`, { dispatcher: pools[turn] })).body.text();
    },
  });
  add('undici.fetch', { call: byFetch });
  add('built-in fetch', { call: byBuiltIn });

  const agent = tls ? new HttpsAgent({ ...secure, keepAlive: true }) : new HttpAgent({ keepAlive: true });
  later(() => agent.destroy());
  const client = axios.create({ httpAgent: agent, httpsAgent: agent, responseType: 'text' });
  add('axios', { call: async () => (await client.get(url)).data });

  const cockatiel = await peer('cockatiel');
  add('undici.request in cockatiel', cockatiel && { call: inCockatiel(cockatiel, url, dispatcher) });

  const together = (work) => telemetry && { ...telemetry.instrumented, call: byHand(work) };
  add(
    'hand-made undici.fetch',
    together(async () => {
      const response = await undiciFetch(url, { dispatcher });
      if (response.status >= 500) throw new Error(`status ${response.status}`);
      return response.text();
    }),
  );
  add(
    'hand-made built-in fetch',
    together(async () => {
      const response = await fetch(url, { dispatcher });
      if (response.status >= 500) throw new Error(`status ${response.status}`);
      return response.text();
    }),
  );
  add(
    'hand-made undici.request',
    together(async () => {
      const { statusCode, body } = await request(url, { dispatcher });
      if (statusCode >= 500) throw new Error(`status ${statusCode}`);
      return body.text();
    }),
  );
}

/** opossum, with a time limit, in p-retry, as their documentation shows. OpenTelemetry is switched on around the slice. */
function byHand(work) {
  const breaker = new CircuitBreaker(work, { timeout: 5000, errorThresholdPercentage: 50, capacity: 1000 });
  const attempt = () => breaker.fire();
  return () => pRetry(attempt, { retries: 2, minTimeout: 25, maxTimeout: 250 });
}

function inCockatiel(
  {
    ConsecutiveBreaker,
    circuitBreaker,
    ExponentialBackoff,
    handleAll,
    retry,
    timeout,
    wrap,
    TimeoutStrategy,
  },
  url,
  dispatcher,
) {
  const policy = wrap(
    retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
    timeout(5000, TimeoutStrategy.Cooperative),
  );
  return () =>
    policy.execute(async () => {
      const { statusCode, body } = await request(url, { dispatcher });
      if (statusCode >= 500) throw new Error(`status ${statusCode}`);
      return body.text();
    });
}
