// A service that knows nothing of the mesh, in whichever framework it is asked for.
const { createServer } = require('node:http');
const express = require('express');
const express4 = require('express4');
const fastify = require('fastify');

const [kind] = process.argv.slice(2);

function answer(request) {
  return { kind: `${kind}.cjs`, url: request.url, from: request.socket.remoteAddress };
}

function ready(server) {
  process.stdout.write(`${server.address().port}\n`);
}

if (kind === 'http') {
  const server = createServer((request, response) => response.end(JSON.stringify(answer(request))));
  server.listen(0, () => ready(server));
} else if (kind === 'fastify') {
  const app = fastify();
  app.get('/*', async (request) => answer(request.raw));
  app.listen({ port: 0, host: '127.0.0.1' }).then(() => ready(app.server));
} else {
  const app = (kind === 'express4' ? express4 : express)();
  app.use((request, response) => response.json(answer(request)));
  const server = app.listen(0, '127.0.0.1', () => ready(server));
}
