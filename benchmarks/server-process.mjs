/**
 * Those servers of `server.mjs` that are compared, each on a port of its own, all with mutual TLS of the same certificates. Counts the CPU
 * time that its parent asks for.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { join as joinPath } from 'node:path';
import express from 'express';
import fastify from 'fastify';
import { join } from 'heddle';
import { openTelemetry } from './harness/otel.mjs';
import { serverPolicy } from './harness/policy.mjs';

const BODY = 'x'.repeat(200);

const [{ pem, identity, folder, names }] = await once(process, 'message');
const secure = { ...pem, requestCert: true, rejectUnauthorized: true };
const telemetry = await openTelemetry();
// Policy draws the one percent, as Istio's does, before the SDK is asked.
const watched = telemetry?.all ?? { enable() {}, disable() {} };

const plain = (_request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.setHeader('content-length', BODY.length);
  response.end(BODY);
};
function expressApp() {
  const app = express();
  app.get('/api/items/1', (_request, response) => response.type('text/plain').send(BODY));
  return app;
}
async function fastifyApp(options) {
  const app = fastify({ logger: false, ...options });
  app.get('/api/items/1', (_request, reply) => reply.type('text/plain').send(BODY));
  await app.ready();
  return app.server;
}

const targets = {
  'node:http': { bare: () => createSecure(secure, plain), meshed: () => plain },
  express: { bare: () => createSecure(secure, expressApp()), meshed: expressApp },
  fastify: {
    bare: () => fastifyApp({ https: secure }),
    meshed: () => fastifyApp({ serverFactory: (fn) => createServer(fn) }),
  },
};
/** `express`, or `express, mesh, 100 rules` with or without `, no telemetry`. */
async function serverOf(name) {
  const [target, mesh, rules] = name.split(', ');
  const { bare, meshed } = targets[target];
  if (mesh !== 'mesh') return listening(await bare());
  return behind(await meshWith({ rules: Number.parseInt(rules, 10), spansPercent: 1 }), await meshed());
}
const ports = {};
for (const name of names) ports[name] = await serverOf(name);

let before;
process.on('message', ({ begin, end }) => {
  if (begin !== undefined) {
    if (begin.includes(', mesh') && !begin.includes('no telemetry')) watched.enable();
    // A slice pays for its own garbage, not for that of the one before it.
    globalThis.gc?.({ type: 'minor' });
    before = process.cpuUsage();
    process.send({});
  } else if (end) {
    const { user, system } = process.cpuUsage(before);
    watched.disable();
    process.send({ cpu: user + system });
  }
});
process.on('disconnect', () => process.exit());
process.send({ ports, telemetry: telemetry !== null });

async function listening(server) {
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

async function behind(mesh, target) {
  const { port } = await mesh.listen(target, 0, { address: '127.0.0.1' });
  return port;
}

async function meshWith(features) {
  const policy = joinPath(folder, `${features.rules}.yaml`);
  writeFileSync(policy, serverPolicy(features));
  return join({ policy, identityDir: identity, drainTimeoutMs: 10, log: () => {} });
}
