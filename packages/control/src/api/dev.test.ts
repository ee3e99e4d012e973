import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { test } from 'node:test';
import { isMeshError } from 'heddle/ports';
import type { LogRecord } from '../log.js';
import { startControl } from '../server.js';
import { Client, dataDirectory, hello, listener, SPLIT, service } from '../server.test.client.js';

test('the API speaks HTTP/1.1 too', async (context) => {
  const { control } = await service(context);
  const token = readFileSync(control.operatorTokenFile, 'utf8').trim();
  const status = await new Promise((resolve, reject) => {
    const options = {
      rejectUnauthorized: false,
      headers: { authorization: `Bearer ${token}` },
      agent: false as const,
    };
    const request = httpsRequest(`${control.url}/v1/resources`, options, (response) => {
      response.resume();
      response.on('end', () => resolve([response.statusCode, response.httpVersion]));
    });
    request.on('error', reject);
    request.end();
  });
  assert.deepEqual(status, [200, '1.1']);
});

test('dev mode needs no credentials, says so, and speaks HTTP/1.1 and HTTP/2 in plain text', async (context) => {
  const records: LogRecord[] = [];
  const { control } = await service(context, { dev: true, log: (record) => void records.push(record) });
  assert.match(control.url, /^http:\/\/127\.0\.0\.1:/);
  assert.ok(records.some(({ level, event }) => level === 'warn' && event === 'control.dev-mode'));
  const client = new Client(context, control.url);
  assert.equal((await client.post('/v1/apply', SPLIT(80))).status, 200);
  const stream = client.stream();
  stream.send(hello('reviews', { listeners: [listener('reviews', 8001)] }));
  await stream.expect('welcome');
  await stream.updateUntil((resources) => resources.has('endpoints/reviews.default.svc.cluster.local'));
  const { value } = stream.resources.get('endpoints/reviews.default.svc.cluster.local')!;
  const { mtls, spiffeId } = (value as { ports: Record<string, { mtls: boolean; spiffeId?: string }[]> })
    .ports['9080']![0]!;
  assert.deepEqual([mtls, spiffeId], [false, undefined], 'nobody has proved anything');
  assert.deepEqual(await plain(control.url, {}), [200, '1.1']);
});

test('in dev mode a web page cannot use the service through the browser of whoever reads it', async (context) => {
  const { control } = await service(context, { dev: true });
  assert.deepEqual((await plain(control.url, { origin: 'http://evil.example' }))[0], 403);
  assert.deepEqual((await plain(control.url, { host: 'rebound.example' }))[0], 403);
});

test('dev mode is refused on an address that others can reach', async (context) => {
  for (const address of ['0.0.0.0', '::', '192.0.2.1', 'example.com']) {
    await assert.rejects(
      startControl({ dataDir: dataDirectory(context), dev: true, address, port: 0 }),
      (error) => isMeshError(error, 'HEDDLE_INVALID_SETTING') && /loopback/.test(error.message),
    );
  }
});

function plain(url: string, headers: Record<string, string>): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/v1/workloads`, { headers, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve([response.statusCode, response.httpVersion]));
    });
    request.on('error', reject);
    request.end();
  });
}
