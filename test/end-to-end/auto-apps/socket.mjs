// A WebSocket client: says something, prints what it hears or why it hears nothing.
import WebSocket from 'ws';

const socket = new WebSocket(process.argv[2]);
socket.on('open', () => socket.send('hello'));
socket.on('message', (data) => {
  process.stdout.write(`${data}\n`);
  socket.close();
});
socket.on('error', (error) => process.stdout.write(`${error.message}\n`));
