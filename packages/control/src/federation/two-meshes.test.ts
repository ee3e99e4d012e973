/** Two config services of two trust domains, and a call between workloads of the two. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { meshService, peerAuthentication, policies } from '@heddle/testkit';
import { isMeshError, join, type Mesh } from 'heddle';
import { joinToken, service } from '../server.test.client.js';

type Service = Awaited<ReturnType<typeof service>>;

async function member(t: TestContext, { control, operator }: Service, name: string): Promise<Mesh> {
  const mesh = await join({
    control: control.url,
    token: await joinToken(operator, name),
    service: name,
    joinTimeoutMs: 60_000,
    drainTimeoutMs: 0,
    log: () => {},
  });
  t.after(() => mesh.close());
  return mesh;
}

async function federate(ours: Service, theirs: Service, trustDomain: string): Promise<void> {
  const bundle = await theirs.operator.request('GET', '/v1/spiffe-bundle');
  const reply = await ours.operator.request('PUT', `/v1/federation/${trustDomain}`, {
    body: JSON.stringify({
      endpoint: {
        profile: 'https_spiffe',
        url: `${theirs.control.url}/v1/spiffe-bundle`,
        spiffeId: `spiffe://${trustDomain}/ns/heddle-system/sa/control`,
      },
      bundle: JSON.parse(bundle.text) as object,
    }),
  });
  assert.equal(reply.status, 200, reply.text);
}

const server = policies(
  peerAuthentication('STRICT'),
  `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: partners, namespace: default }
spec:
  rules: [{ from: [{ source: { principals: ["b.example/ns/default/sa/web"] } }] }]
`,
);

const client = (port: number) =>
  meshService({ host: 'reviews.partner', port, id: 'spiffe://a.example/ns/default/sa/reviews' });

/** Policy and trust reach workloads by and by: asks until it is as it is to be, or the test has run out of time. */
async function until(isThere: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await isThere())) {
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const BOUND = { timeout: 120_000 };

test(
  'a workload of one mesh calls one of another once both have federated, and not before',
  BOUND,
  async (t) => {
    const a = await service(t, { trustDomain: 'a.example' });
    const b = await service(t, { trustDomain: 'b.example' });
    await a.operator.post('/v1/apply', server);
    const reviews = await member(t, a, 'reviews');
    const { port } = await reviews.listen((_request: unknown, response: { end(text: string): void }) => {
      response.end(reviews.context()?.peer ?? 'nobody');
    }, 0);
    await b.operator.post('/v1/apply', client(port));
    const web = await member(t, b, 'web');
    const ask = async () => {
      const response = await web.request('http://reviews.partner/', { timeoutMs: 60_000 });
      return `${response.statusCode} ${await response.body.text()}`;
    };
    await assert.rejects(ask(), (error) => isMeshError(error));
    await federate(b, a, 'a.example');
    await federate(a, b, 'b.example');
    let answer = '';
    await until(async () => {
      answer = await ask().catch(() => '');
      return answer !== '';
    }, t.signal);
    assert.equal(answer, '200 spiffe://b.example/ns/default/sa/web');
    await a.operator.request('DELETE', '/v1/federation/b.example');
    const fails = () =>
      ask().then(
        () => false,
        () => true,
      );
    await until(fails, t.signal);
  },
);
