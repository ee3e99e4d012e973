/** Retries, deadlines and hang-ups over real sockets, down a tree of services that are members of the mesh. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { join, type Mesh } from 'heddle';

const LIMIT = { timeout: 120_000 };

type Handler = (mesh: Mesh, headers: IncomingHttpHeaders, response: ServerResponse) => unknown;

interface Tree {
  /** Of the first service of the tree. */
  readonly port: number;
  readonly meshes: readonly Mesh[];
}

function entry(name: string, ports: readonly number[], route: string): string {
  const endpoints = ports.map((port) => `{ address: 127.0.0.1, ports: { http: ${port} } }`).join(', ');
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [${name}.test]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [${endpoints}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [${name}.test]
  http: [{ ${route} route: [{ destination: { host: ${name}.test } }] }]`;
}

async function member(t: TestContext, ...documents: string[]): Promise<Mesh> {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-retries-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(path(folder, 'policy.yaml'), documents.join('\n---\n'));
  const mesh = await join({ policy: folder, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {} });
  t.after(() => mesh.close());
  return mesh;
}

/** Services in a row, each with a mesh of its own and a handler; the last is the leaf. `next.test` is the one after. */
async function tree(t: TestContext, route: string, ...handlers: Handler[]): Promise<Tree> {
  const meshes: Mesh[] = [];
  let port = 1;
  for (const handler of [...handlers].reverse()) {
    const mesh = await member(t, entry('next', [port], route));
    meshes.unshift(mesh);
    const listening = await mesh.listen((asked, response) => handler(mesh, asked.headers, response), 0, {
      address: '127.0.0.1',
    });
    port = listening.port;
  }
  return { port, meshes };
}

/** Waits for something that is certain to come about. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

function inFlight({ meshes }: Tree): number {
  return meshes.flatMap((mesh) => mesh.status().clusters).reduce((sum, { active }) => sum + active, 0);
}

/** Passes the call on, and what becomes of it. */
const passOn: Handler = async (mesh, _headers, response) => {
  const { statusCode, body } = await mesh
    .request('http://next.test/')
    .catch(() => ({ statusCode: 502, body: null }));
  await body?.dump();
  response.writeHead(statusCode).end();
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

function ask(port: number, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, agent: false, headers: { host: 'svc', ...headers } },
      (response) => {
        response.resume();
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers }));
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

const RETRIES = 'retries: { attempts: 2, retryOn: 5xx, backoff: 1ms },';

test('only the layer above the leaf retries, and says so; those above it do not', LIMIT, async (t) => {
  const counts: string[] = [];
  const made = await tree(t, RETRIES, passOn, passOn, (_mesh, headers, response) => {
    counts.push(String(headers['x-envoy-attempt-count']));
    response.writeHead(503).end();
  });
  const { status, headers } = await ask(made.port);
  assert.deepEqual([status, headers['x-heddle-retries']], [503, 'spent']);
  assert.deepEqual(counts, ['1', '2', '3']);
  assert.equal(inFlight(made), 0);
});

test(
  'over four levels with a leaf that always fails the leaf sees at most 1.2 times the calls',
  LIMIT,
  async (t) => {
    let seen = 0;
    const made = await tree(t, RETRIES, passOn, passOn, passOn, (_mesh, _headers, response) => {
      seen += 1;
      response.writeHead(503).end();
    });
    for (let i = 0; i < 25; i += 1) await Promise.all(Array.from({ length: 8 }, () => ask(made.port)));
    assert.ok(seen >= 200 && seen <= 240, `${seen} for 200`);
    assert.equal(inFlight(made), 0);
  },
);

test(
  'an answer that is no failure does not say that retries were spent, and one without a failed call neither',
  LIMIT,
  async (t) => {
    let fallback = true;
    const made = await tree(
      t,
      RETRIES,
      async (mesh, _headers, response) => {
        const { statusCode, body } = await mesh.request('http://next.test/');
        await body.dump();
        response.statusCode = fallback ? 200 : statusCode;
        response.end();
      },
      (_mesh, _headers, response) => response.writeHead(503).end(),
    );
    assert.deepEqual([(await ask(made.port)).headers['x-heddle-retries']], [undefined]);
    fallback = false;
    assert.equal((await ask(made.port)).headers['x-heddle-retries'], 'spent');
    const alone = await tree(t, RETRIES, (_mesh, _headers, response) => response.writeHead(500).end());
    assert.equal((await ask(alone.port)).headers['x-heddle-retries'], undefined);
  },
);

test(
  'a gRPC failure in the head says that retries were spent, in whichever form it is written',
  LIMIT,
  async (t) => {
    const grpc = { 'content-type': 'application/grpc', 'grpc-status': '14' };
    const writes: ((response: ServerResponse) => void)[] = [
      (response) => response.writeHead(200, grpc),
      (response) => response.writeHead(200, 'OK', Object.entries(grpc).flat()),
      (response) => response.setHeaders(new Map(Object.entries(grpc))),
    ];
    for (const write of writes) {
      const made = await tree(
        t,
        RETRIES,
        async (mesh, _headers, response) => {
          await (await mesh.request('http://next.test/')).body.dump();
          write(response);
          response.end();
        },
        (_mesh, _headers, response) => response.writeHead(503).end(),
      );
      const { headers } = await ask(made.port);
      assert.deepEqual([headers['grpc-status'], headers['x-heddle-retries']], ['14', 'spent']);
    }
  },
);

test(
  'what is called for a retry is not retried, and is told so; whoever asks need not be known',
  LIMIT,
  async (t) => {
    const seen: (string | undefined)[] = [];
    const made = await tree(t, RETRIES, passOn, passOn, (_mesh, headers, response) => {
      seen.push([headers['x-envoy-attempt-count'], headers['x-heddle-retries']].join(' '));
      response.writeHead(503).end();
    });
    assert.equal(
      (await ask(made.port, { 'x-envoy-attempt-count': '2' })).headers['x-heddle-retries'],
      'spent',
    );
    assert.deepEqual(seen, ['1 spent']);
    await ask(made.port, { 'x-envoy-attempt-count': 'two' });
    assert.equal(seen.length, 4);
  },
);

test(
  'a caller that hangs up ends the work of three levels: the leaf is told, and nothing is in flight',
  LIMIT,
  async (t) => {
    let [asked, gone] = [0, 0];
    const made = await tree(t, RETRIES, passOn, passOn, (_mesh, _headers, response) => {
      asked += 1;
      response.once('close', () => (gone += 1));
    });
    const client = request({ host: '127.0.0.1', port: made.port, agent: false });
    client.on('error', () => {});
    client.end();
    await until(() => asked === 1);
    assert.equal(inFlight(made), 2);
    client.destroy();
    await until(() => gone === 1 && inFlight(made) === 0);
    assert.equal(asked, 1);
  },
);

test('a deadline that passes ends the work of three levels, each told what was left', LIMIT, async (t) => {
  const left: number[] = [];
  let gone = 0;
  const passDeadline: Handler = (mesh, headers, response) => {
    left.push(Number(headers['x-heddle-deadline-ms']));
    return passOn(mesh, headers, response);
  };
  const made = await tree(t, RETRIES, passDeadline, passDeadline, (_mesh, headers, response) => {
    left.push(Number(headers['x-heddle-deadline-ms']));
    response.once('close', () => (gone += 1));
  });
  const { status } = await ask(made.port, { 'x-heddle-deadline-ms': '300' });
  assert.equal(status, 502);
  await until(() => gone === 1 && inFlight(made) === 0);
  assert.equal(left.length, 3);
  assert.ok(left[0]! >= left[1]! && left[1]! >= left[2]! && left[0]! <= 300, String(left));
});

test('a call that is begun after its deadline reaches nobody', LIMIT, async (t) => {
  let asked = 0;
  let code = '';
  const made = await tree(
    t,
    RETRIES,
    async (mesh, _headers, response) => {
      await mesh.request('http://next.test/').catch((error: { code: string; sent: string }) => {
        code = `${error.code} ${error.sent}`;
      });
      response.end();
    },
    (_mesh, _headers, response) => {
      asked += 1;
      response.end();
    },
  );
  await ask(made.port, { 'x-heddle-deadline-ms': '0' });
  assert.deepEqual([asked, code], [0, 'HEDDLE_DEADLINE_EXCEEDED no']);
});

test('what the caller asks for in Envoy’s headers is done and not sent on', LIMIT, async (t) => {
  const seen: string[] = [];
  const server = createServer((asked, response) => {
    seen.push(
      Object.keys(asked.headers)
        .filter((name) => /^x-envoy-(?!attempt|expected)/.test(name))
        .join(),
    );
    if (asked.url === '/late') return;
    response.writeHead(seen.length < 3 ? 503 : 200).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const mesh = await member(t, entry('next', [(server.address() as AddressInfo).port], ''));
  const asks = { 'x-envoy-retry-on': '5xx', 'x-envoy-max-retries': '2' };
  const { statusCode, body } = await mesh.request('http://next.test/', { headers: asks });
  await body.dump();
  assert.deepEqual([statusCode, seen], [200, ['', '', '']]);
  const late = await mesh.fetch('http://next.test/late', {
    headers: { 'x-envoy-upstream-rq-timeout-ms': '20', 'x-envoy-upstream-rq-timeout-alt-response': '1' },
  });
  assert.equal(late.status, 204);
});

test(
  'a POST that a server has read is not repeated unless the caller says so, one that reached nobody is',
  LIMIT,
  async (t) => {
    const asked: string[] = [];
    const server = createServer((incoming, response) => {
      asked.push(incoming.method!);
      incoming.resume().on('end', () => response.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const nobody = (closed.address() as AddressInfo).port;
    closed.close();
    await once(closed, 'close');
    const { port } = server.address() as AddressInfo;
    const one = await member(t, entry('next', [port], ''));
    await assert.rejects(one.request('http://next.test/', { method: 'POST', body: 'order' }));
    assert.deepEqual(asked, ['POST']);
    asked.length = 0;
    const headers = { 'x-envoy-retry-on': 'reset' };
    await assert.rejects(one.request('http://next.test/', { method: 'POST', body: 'order', headers }));
    assert.deepEqual(asked, ['POST', 'POST', 'POST'], 'the route’s two, on what the caller named');
    asked.length = 0;
    const two = await member(t, entry('next', [port, nobody], ''));
    for (let i = 0; i < 8; i += 1)
      await assert.rejects(two.request('http://next.test/', { method: 'POST', body: 'order' }));
    assert.equal(asked.length, 8, 'each reached the server once');
  },
);
