import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'heddle';

// #region listen
const store = await join({ service: 'store' });
const server = createServer((socket) => {
  socket.on('data', (line) => socket.write(`+OK ${line}`));
});
await store.listen(server, Number(process.env.PORT ?? 9201), { address: '127.0.0.1', protocol: 'tcp' });
// #endregion

// #region connect
const mesh = await join({ service: 'caller' });
const stream = await mesh.connect('store:6379');
stream.on('error', console.error);
stream.write('SET color blue\n');
const [answer] = await once(stream, 'data');
console.log(String(answer).trim());
// #endregion

// The policy says how many connections there may be.
await mesh.connect('store:6379').catch(({ code, flag }) => console.log(code, flag));
stream.end();
await once(stream, 'close');
await mesh.close();
await store.close();
