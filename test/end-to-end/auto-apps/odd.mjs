// What a process may do besides serving on a port: workers, Unix sockets, HTTPS, HTTP/2, an agent of its own, a second copy of the preload.
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { Worker } from 'node:worker_threads';

const [what, place] = process.argv.slice(2);
const ask = (options) =>
  new Promise((resolve) => {
    http
      .get(options, async (response) => resolve((await response.toArray()).join('')))
      .on('error', ({ code }) => resolve(code));
  });

if (what === 'unix') {
  const server = http.createServer((_request, response) => response.end('by a Unix socket')).listen(place);
  await once(server, 'listening');
  process.stdout.write(`${await ask({ socketPath: place })}\n`);
  server.close();
} else if (what === 'worker') {
  const worker = new Worker('process.stdout.write(typeof fetch)', { eval: true });
  const [code] = await once(worker, 'exit');
  process.stdout.write(` ${code}\n`);
} else if (what === 'https') {
  const server = https.createServer().listen(0);
  await once(server, 'listening');
  server.close();
} else if (what === 'http2') {
  for (const server of [http2.createServer(), http2.createSecureServer()]) {
    server.listen(0);
    await once(server, 'listening');
    server.close();
  }
} else if (what === 'throws') {
  http.createServer().listen(0);
  throw new Error('nobody catches this');
} else if (what === 'copy') {
  const first = await import(`${place}/index.js`);
  const second = await import(`${place}/index.js?copy`);
  await import(`${place}/index.js?another`);
  process.stdout.write(`${first.mesh === second.mesh} ${first.mesh.status().workload.service}\n`);
} else if (what === 'own-agent') {
  class Own extends http.Agent {
    createConnection(options, callback) {
      return super.createConnection({ ...options, host: '127.0.0.1', port: Number(place) }, callback);
    }
  }
  process.stdout.write(`${await ask({ host: 'nowhere.test', agent: new Own() })}\n`);
  process.stdout.write(`${await ask({ host: 'nowhere.test' })}\n`);
} else if (what === 'again') {
  // A server that listens, closes and listens again; and one that is asked for its own state.
  const server = http.createServer((_request, response) => response.end('again'));
  for (let i = 0; i < 2; i += 1) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    process.stdout.write(
      `${await ask({ host: '127.0.0.1', port, agent: new http.Agent({ keepAlive: true }) })}\n`,
    );
    server.close();
    await once(server, 'close');
  }
  process.stdout.write(`${server.address()} ${server.listening}\n`);
}
