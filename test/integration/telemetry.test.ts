/** Telemetry as its users see it: policy is written to a file, and metrics, spans and headers follow, without a restart. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { startControl } from '@heddle/control';
import { type JsonSpan, jsonLinesExporter, type RunningTelemetry, startTelemetry } from '@heddle/telemetry';
import { join, type Mesh } from 'heddle';
import { Agent, request } from 'undici';

const LIMIT = { timeout: 120_000 };
const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let running: RunningTelemetry;
let spans: JsonSpan[] = [];

before(async () => {
  const take = (lines: string) =>
    void spans.push(
      ...lines
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as JsonSpan),
    );
  const traces = jsonLinesExporter(take);
  running = await startTelemetry({ traces, metrics: 'prometheus', prometheusPort: 0, environment: {} });
});
after(() => running.stop());

/** A service, its caller and the folder of their policy. */
class World {
  /** What the service was asked last. */
  headers: IncomingHttpHeaders = {};
  client!: Mesh;
  server!: Mesh;
  readonly host: string;
  readonly #folder: string;

  /** @param name one for each test: the SDK is the process's, and sees them all */
  static async start(t: TestContext, name: string, telemetry = ''): Promise<World> {
    const folder = await mkdtemp(path(tmpdir(), 'heddle-telemetry-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const world = new World(folder, `${name}.test`);
    await world.write('telemetry', telemetry);
    const member = async (service: string): Promise<Mesh> => {
      const mesh = await join({
        ...{ policy: folder, service: `${name}-${service}`, labels: { side: service } },
        ...{ joinTimeoutMs: 60_000, drainTimeoutMs: 60_000, log() {} },
      });
      t.after(() => mesh.close());
      return mesh;
    };
    world.server = await member('server');
    const listening = await world.server.listen((request, response) => {
      world.headers = request.headers;
      response.end('ok');
    }, 0);
    const { revision } = world.server.status();
    await world.write('service', entry(name, listening.port));
    while (world.server.status().revision <= revision) await turn();
    world.client = await member('client');
    return world;
  }

  private constructor(folder: string, host: string) {
    this.#folder = folder;
    this.host = host;
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(path(this.#folder, `.${name}.new`), text);
    await rename(path(this.#folder, `.${name}.new`), path(this.#folder, `${name}.yaml`));
  }

  /** Puts other Telemetry in force, on both sides. */
  async change(telemetry: string): Promise<void> {
    const before = [this.client, this.server].map((mesh) => mesh.status().revision);
    await this.write('telemetry', telemetry);
    for (const [index, mesh] of [this.client, this.server].entries())
      while (mesh.status().revision <= before[index]!) await turn();
  }

  async call(headers: Record<string, string> = {}, at = '/a?b=c'): Promise<void> {
    const response = await this.client.fetch(`http://${this.host}${at}`, { headers });
    assert.equal(await response.text(), 'ok');
  }

  /** The spans of a call. @param count how many there are to be: either side ends its own when it knows that all is said */
  async spansOf(count: number, headers: Record<string, string> = {}): Promise<readonly JsonSpan[]> {
    spans = [];
    await this.call(headers);
    // Spans of the tests before may still be on their way.
    const ours = () => spans.filter(({ attributes }) => attributes['server.address'] === this.host);
    await flushed(() => ours().length >= count);
    return ours();
  }
}

/** Looks at the spans that are there, until `done`. */
async function flushed(done: () => boolean): Promise<void> {
  do {
    await turn();
    await running.flush();
  } while (!done());
}

/** A service that is called `NAME.test`. */
function entry(name: string, port: number): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [${name}.test]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${port} } }]
---
`;
}

function telemetry(spec: string, name = 'a', selector = ''): string {
  return `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: ${name}, namespace: default }
spec:
  ${selector}
  ${spec}
---
`;
}

/** Lines of one metric that hold all of `parts`, from the page that Prometheus reads. */
async function scraped(metric: string, ...parts: readonly string[]): Promise<string[]> {
  const page = await (await fetch(running.prometheusUrl!)).text();
  return page
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) && parts.every((part) => line.includes(part)));
}

/** The value of the one line there is; 0 for none. */
async function sampleOf(metric: string, ...parts: readonly string[]): Promise<number> {
  const lines = await scraped(metric, ...parts);
  assert.ok(lines.length <= 1, lines.join('\n'));
  return Number(lines[0]?.split(' ').at(-1) ?? 0);
}

/** Waits for a sample that is certain to come. */
async function until(value: number, metric: string, ...parts: readonly string[]): Promise<void> {
  while ((await sampleOf(metric, ...parts)) < value) await turn();
}

test('a metric is switched off and on again while calls go on', LIMIT, async (t) => {
  const world = await World.start(t, 'switch');
  const calls = ['reporter="source"', `destination_service="${world.host}"`];
  const exchanges = ['reporter="destination"', 'destination_app="switch-server"'];
  const duration = 'istio_request_duration_milliseconds_count';
  const counted = async () => [
    await sampleOf('istio_requests_total', ...calls),
    await sampleOf(duration, ...calls),
    await sampleOf('istio_requests_total', ...exchanges),
  ];
  await world.call();
  await until(1, 'istio_requests_total', ...exchanges);
  assert.deepEqual(await counted(), [1, 1, 1]);

  await world.change(
    telemetry(
      'metrics: [{ overrides: [{ match: { metric: REQUEST_COUNT, mode: CLIENT }, disabled: true }] }]',
    ),
  );
  await world.call();
  await until(2, 'istio_requests_total', ...exchanges);
  assert.deepEqual(await counted(), [1, 2, 2]);

  await world.change(telemetry('metrics: [{ overrides: [{ match: { mode: SERVER }, disabled: true }] }]'));
  await world.call();
  assert.deepEqual(await counted(), [2, 3, 2]);

  await world.change('');
  await world.call();
  await until(3, 'istio_requests_total', ...exchanges);
  assert.deepEqual(await counted(), [3, 4, 3]);
});

test('labels are written and left out, of one metric and on one side', LIMIT, async (t) => {
  const world = await World.start(
    t,
    'labels',
    telemetry(`metrics:
    - providers: [{ name: prometheus }]
      overrides:
        - match: { metric: REQUEST_COUNT, mode: SERVER }
          tagOverrides:
            request_method: { value: request.method }
            url: { value: "request.url_path + ' ' + string(response.code)" }
            team: { value: "request.headers['x-team']" }
            source_cluster: { operation: REMOVE }
    - overrides:
        - match: { metric: ALL_METRICS, mode: CLIENT }
          tagOverrides: { port: { value: string(destination.port) } }`),
  );
  const exchanges = ['reporter="destination"', 'destination_app="labels-server"'];
  const written = ['request_method="GET"', 'url="/a 200"'];
  await world.call({ 'x-team': 'blue' });
  await world.call();
  await until(1, 'istio_requests_total', ...exchanges, ...written, 'team="blue"');
  await until(1, 'istio_requests_total', ...exchanges, ...written, 'team="unknown"');
  const lines = await scraped('istio_requests_total', ...exchanges);
  assert.equal(lines.length, 2);
  for (const line of lines) assert.ok(!line.includes('source_cluster'), line);
  const [other] = await scraped('istio_request_bytes_count', ...exchanges);
  assert.match(other!, /source_cluster="unknown"/);
  assert.doesNotMatch(other!, /request_method=/);
  for (const metric of ['istio_requests_total', 'istio_response_bytes_count'])
    assert.equal(await sampleOf(metric, 'reporter="source"', 'port="80"', `"${world.host}"`), 2, metric);
});

test(
  'whether a trace is kept is drawn where it begins; a caller that records is followed',
  LIMIT,
  async (t) => {
    const world = await World.start(t, 'sampling', telemetry('tracing: [{ randomSamplingPercentage: 0 }]'));
    assert.deepEqual(await world.spansOf(0), []);
    assert.match(String(world.headers.traceparent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    const followed = await world.spansOf(3, { traceparent: PARENT });
    assert.deepEqual(followed.map(({ kind }) => kind).sort(), ['client', 'internal', 'server']);
    assert.ok(followed.every(({ traceId }) => traceId === PARENT.slice(3, 35)));

    await world.change(telemetry('tracing: [{ randomSamplingPercentage: 100 }]'));
    assert.equal((await world.spansOf(3)).length, 3);
    assert.match(String(world.headers.traceparent), /-01$/);

    await world.change(telemetry('tracing: [{ randomSamplingPercentage: 50 }]'));
    for (let kept = 0, dropped = 0; kept === 0 || dropped === 0; ) {
      await world.call();
      const [, traceId, , flags] = String(world.headers.traceparent).split('-');
      const keeps = flags === '01';
      const made = () => spans.filter((span) => span.traceId === traceId).length;
      await flushed(() => !keeps || made() === 3);
      assert.equal(made(), keeps ? 3 : 0);
      if (keeps) kept += 1;
      else dropped += 1;
    }
  },
);

test('spans are made on one side only, and the trace is one', LIMIT, async (t) => {
  const world = await World.start(
    t,
    'silent',
    telemetry('tracing: [{ match: { mode: CLIENT }, disableSpanReporting: true }]'),
  );
  const [served, ...more] = await world.spansOf(1);
  assert.deepEqual([served?.kind, more.length], ['server', 0]);
  assert.equal(served?.traceId, String(world.headers.traceparent).slice(3, 35));
  const [followed] = await world.spansOf(1, { traceparent: PARENT });
  assert.equal(followed?.parentSpanId, PARENT.slice(36, 52));

  await world.change(telemetry('tracing: [{ match: { mode: SERVER }, disableSpanReporting: true }]'));
  assert.deepEqual((await world.spansOf(2)).map(({ kind }) => kind).sort(), ['client', 'internal']);
});

test('calls carry no trace context where policy wants none, and baggage all the same', LIMIT, async (t) => {
  const world = await World.start(t, 'apart', telemetry('tracing: [{ disableContextPropagation: true }]'));
  const made = await world.spansOf(3, { baggage: 'k=v' });
  assert.equal(world.headers.traceparent, undefined);
  assert.equal(world.headers.baggage, 'k=v');
  assert.notEqual(world.headers['x-request-id'], undefined);
  // Two traces: the service knows nothing of its caller's.
  const traceOf = (kind: string) => made.find((span) => span.kind === kind)?.traceId;
  assert.equal(traceOf('client'), traceOf('internal'));
  assert.notEqual(traceOf('client'), traceOf('server'));
});

test('spans have the tags that policy adds', LIMIT, async (t) => {
  const world = await World.start(
    t,
    'tags',
    telemetry(`tracing:
    - enableIstioTags: true
      customTags:
        stage: { literal: { value: prod } }
        place: { environment: { name: HEDDLE_TEST_NOT_SET, defaultValue: nowhere } }
        secret: { environment: { name: HEDDLE_TOKEN } }
        user: { header: { name: X-User, defaultValue: nobody } }
        asked: { formatter: { value: "%REQ(:METHOD)% %REQ(:PATH)% of %REQ(x-user)%" } }`),
  );
  const made = await world.spansOf(3, { 'x-user': 'ann' });
  assert.equal(made.length, 3);
  for (const { kind, attributes } of made) {
    const { stage, place, secret, user, asked } = attributes;
    const expected = {
      stage: 'prod',
      place: 'nowhere',
      secret: undefined,
      user: 'ann',
      asked: 'GET /a?b=c of ann',
    };
    assert.deepEqual({ stage, place, secret, user, asked }, expected, kind);
    assert.equal(attributes['istio.namespace'], 'default');
    assert.equal(attributes['istio.mesh_id'], 'cluster.local');
    const side = kind === 'server' ? 'server' : 'client';
    assert.equal(attributes['istio.canonical_service'], `tags-${side}`);
  }
  for (const { attributes } of await world.spansOf(3)) assert.equal(attributes.user, 'nobody');
  await world.change('');
  for (const { attributes } of await world.spansOf(3))
    assert.deepEqual([attributes.user, attributes['istio.namespace']], [undefined, undefined]);
});

test('a Telemetry is for the workloads that it selects', LIMIT, async (t) => {
  const off = 'tracing: [{ disableSpanReporting: true }]';
  const world = await World.start(
    t,
    'selected',
    telemetry(off, 'b', 'selector: { matchLabels: { side: server } }'),
  );
  assert.deepEqual((await world.spansOf(2)).map(({ kind }) => kind).sort(), ['client', 'internal']);
});

test('what the config service says of telemetry is followed as it changes', LIMIT, async (t) => {
  const dataDir = await mkdtemp(path(tmpdir(), 'heddle-telemetry-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const control = await startControl({ port: 0, log: () => {}, dataDir });
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  t.after(async () => {
    await agent.close();
    await control.close();
  });
  const operator = (await readFile(control.operatorTokenFile, 'utf8')).trim();
  const ask = async (at: string, body: string, type: string) => {
    const headers = { authorization: `Bearer ${operator}`, 'content-type': type };
    const answer = await request(`${control.url}${at}`, { method: 'POST', dispatcher: agent, headers, body });
    const text = await answer.body.text();
    assert.ok(answer.statusCode < 300, text);
    return JSON.parse(text) as { readonly token: string; readonly revision: number };
  };
  const backend = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  t.after(() => {
    backend.close();
    backend.closeAllConnections();
  });
  const { port } = backend.address() as AddressInfo;
  await ask('/v1/apply', entry('told', port), 'application/yaml');
  const grant = JSON.stringify({ namespace: 'default', serviceAccount: 'told' });
  const { token } = await ask('/v1/tokens', grant, 'application/json');
  const mesh = await join({
    ...{ control: control.url, token, service: 'told', joinTimeoutMs: 60_000, log() {} },
  });
  t.after(() => mesh.close());

  const counted = async (spec: string): Promise<number> => {
    const { revision } = await ask('/v1/apply', telemetry(spec), 'application/yaml');
    while (mesh.status().revision < revision) await turn();
    assert.equal(await (await mesh.fetch('http://told.test/')).text(), 'ok');
    return sampleOf('istio_requests_total', 'reporter="source"', 'destination_service="told.test"');
  };
  const override = (disabled: boolean) =>
    `metrics: [{ overrides: [{ match: { metric: REQUEST_COUNT }, disabled: ${disabled} }] }]`;
  assert.equal(await counted(override(false)), 1);
  assert.equal(await counted(override(true)), 1);
  assert.equal(await counted(override(false)), 2);
});
