// A service that knows nothing of the mesh: plain node:http, and WebSockets. Arguments: its name, and what it does about SIGTERM.
const http = require('node:http');
const { WebSocketServer } = require('ws');

const [name, whenTold = 'nothing'] = process.argv.slice(2);
const seen = new Map();

const server = http.createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://service');
  if (pathname === '/flaky') {
    const id = searchParams.get('id');
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    response.statusCode = count <= 2 ? 503 : 200;
    response.end(`attempt ${count}`);
  } else if (pathname === '/headers') {
    response.end(JSON.stringify(request.headers));
  } else if (pathname === '/onward') {
    http
      .get(searchParams.get('to'), (answer) => answer.pipe(response))
      .on('error', (error) => response.end(error.code));
  } else if (pathname === '/slow') {
    const goOn = new Promise((resolve) => process.once('SIGUSR2', resolve));
    process.stdout.write('slow\n');
    await goOn;
    response.end('slow, but whole');
  } else {
    response.end(name);
  }
});

const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${name}: ${data}`)));

server.listen(0, () => process.stdout.write(`${server.address().port}\n`));
if (whenTold === 'closes') process.on('SIGTERM', () => server.close(() => process.stdout.write('closed\n')));
