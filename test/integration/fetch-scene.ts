/** What the tests of `mesh.fetch` share: real sockets, a mesh that lets through what it does not know. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { TestContext } from 'node:test';
import { join } from 'heddle';

const POLICY = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default, namespace: default }
spec: { egress: [{ hosts: ['*/*'] }], outboundTrafficPolicy: { mode: ALLOW_ANY } }
`;

/** A mesh, a server, and the server's origin. */
export async function scene(t: TestContext, listener: RequestListener) {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-fetch-'));
  await writeFile(path(folder, 'policy.yaml'), POLICY);
  const mesh = await join({ policy: folder, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {} });
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    await mesh.close();
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  });
  return { fetch: mesh.fetch, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Answers with what it was asked. */
export const echo: RequestListener = async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method, url, headers } = request;
  response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
};

export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export const asked = async (response: Response) => (await response.json()) as Echo;
