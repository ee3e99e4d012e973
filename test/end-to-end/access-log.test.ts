/** The access log of a process that was started without one: policy switches it on, says which lines, and switches it off. */
import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import { Child } from './child.js';

const LIMIT = { timeout: 180_000 };

class Logged {
  readonly #folder: string;
  child!: Child;
  port = 0;

  static async start(t: TestContext, env: Record<string, string> = {}): Promise<Logged> {
    const folder = await mkdtemp(path(tmpdir(), 'heddle-log-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const logged = new Logged(folder);
    await logged.write('telemetry', '');
    logged.child = Child.start(t, './logged.child.js', [], {
      HEDDLE_POLICY: folder,
      HEDDLE_SERVICE: 'logged',
      ...env,
    });
    logged.port = Number(await logged.child.line());
    await logged.follow(
      'service',
      `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: own, namespace: default }
spec:
  hosts: [own.test]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${logged.port} } }]
`,
    );
    return logged;
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(path(this.#folder, `.${name}.new`), text);
    await rename(path(this.#folder, `.${name}.new`), path(this.#folder, `${name}.yaml`));
  }

  /** @returns what the handler said: the revision in force */
  async get(at: string): Promise<number> {
    const { body } = await request(`http://127.0.0.1:${this.port}${at}`);
    return Number(await body.text());
  }

  /** Writes policy, and waits until it is in force. */
  async follow(name: string, text: string): Promise<void> {
    const before = await this.get('/revision');
    await this.write(name, text);
    while ((await this.get('/revision')) <= before);
  }

  async telemetry(accessLogging: string): Promise<void> {
    await this.follow(
      'telemetry',
      `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: log, namespace: default }
spec: { accessLogging: [${accessLogging}] }
`,
    );
  }

  /** The first line, from number `from` on, that holds all of `parts`. */
  line(parts: readonly string[], from = 1): Promise<string> {
    return this.child.line((line) => parts.every((part) => line.includes(part)), from);
  }

  /** Was there a line with `part` in it so far? */
  has(part: string): boolean {
    return this.child.lines.some((line) => line.includes(part));
  }
}

test('policy switches the log on, for what its filter holds for, and off', LIMIT, async (t) => {
  const logged = await Logged.start(t);
  await logged.get('/before');
  await logged.telemetry(
    `{ match: { mode: SERVER }, filter: { expression: "request.url_path.matches('^/[a-m]')" } }`,
  );
  await logged.get('/north');
  await logged.get('/call/own.test');
  assert.match(
    await logged.line(['/called']),
    /^\[\d{4}-.*Z\] "GET \/called HTTP\/1.1" 200 - via_upstream - "-" 0 \d+ \d+ .* inbound\|\d+\|\| /,
  );
  await logged.line(['"GET /call/own.test HTTP/1.1" 200']);
  await logged.telemetry('{ providers: [{ name: envoy }], disabled: true }');
  await logged.get('/end-1');
  await logged.telemetry('{ providers: [{ name: envoy }], match: { mode: SERVER } }');
  await logged.get('/end-2');
  await logged.line(['/end-2']);
  // Nor any line of a call: policy spoke of exchanges only.
  for (const part of ['/before', '/north', '/end-1', 'outbound|'])
    assert.equal(logged.has(part), false, part);
});

test('policy has calls logged, each as a line of its own', LIMIT, async (t) => {
  const logged = await Logged.start(t, { HEDDLE_ACCESS_LOG: 'json' });
  await logged.telemetry(
    '{ match: { mode: CLIENT }, filter: { expression: "response.code == 200" } }, { match: { mode: SERVER }, disabled: true }',
  );
  await logged.get('/call/own.test');
  const line = JSON.parse(await logged.line(['/called'])) as Record<string, unknown>;
  assert.deepEqual(
    [line.method, line.path, line.response_code, line.upstream_host, line.upstream_cluster],
    ['GET', '/called', 200, `127.0.0.1:${logged.port}`, 'outbound|80||own.test'],
  );
  assert.deepEqual(line.heddle, { service: 'own.test', peer: null, virtual_service: null, attempts: 1 });
  assert.equal(logged.has('/call/own.test'), false);
  // Nobody speaks of a side: calls and exchanges.
  const from = logged.child.lines.length;
  await logged.telemetry('{}');
  await logged.get('/call/own.test');
  await logged.line(['"outbound|', '/called'], from);
  await logged.line(['"inbound|', '/called'], from);
  await logged.line(['"inbound|', '/call/own.test'], from);
});
