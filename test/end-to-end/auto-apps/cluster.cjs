// Two workers that share a port; the primary serves nothing. Ends when it is told to.
const cluster = require('node:cluster');
const http = require('node:http');

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  let listening = 0;
  cluster.on('listening', (_worker, { port }) => {
    listening += 1;
    if (listening === workers.length) process.stdout.write(`${port}\n`);
  });
  process.once('SIGTERM', () => {
    for (const worker of workers) worker.disconnect();
  });
} else {
  http.createServer((_request, response) => response.end(`worker ${process.pid}`)).listen(0);
}
