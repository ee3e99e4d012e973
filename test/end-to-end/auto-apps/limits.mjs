// A server with limits and timeouts of its own; prints its port, and what it does. With `reserve.mjs` before it, also a probe's port.
// Argument: `impatient`, if heads of requests are to come soon.
import http from 'node:http';

const say = (line) => process.stdout.write(`${line}\n`);
const server = http.createServer({ connectionsCheckingInterval: 20 }, (request, response) => {
  const { socket } = request;
  if (request.url === '/facts') {
    const { localPort } = socket;
    const facts = [socket.server === server, socket.remotePort > 0, localPort === server.address().port];
    response.end(String(facts));
  } else if (request.url === '/hang') say('hangs');
  else request.resume().on('end', () => response.end('whole'));
});
if (process.argv[2] === 'impatient') server.headersTimeout = 200;
server.on('drop', () => say('dropped'));
server.on('connection', () => say('connected'));
process.on('SIGUSR2', () => {
  server.maxConnections = 1;
  say('one at most');
});
process.on('SIGHUP', () => server.closeIdleConnections());
process.on('SIGCONT', () => server.closeAllConnections());
server.listen(0, '127.0.0.1', () => say(server.address().port));
if (globalThis.reserved) {
  const probes = http.createServer((_request, response) => response.end('healthy'));
  probes.listen(globalThis.reserved, () => say(`probes ${probes.address().port}`));
}
