// An application that joins by itself, beside `heddle/auto`. Argument: where heddle is. Ends when it is told to.
const [place] = process.argv.slice(2);
const { join } = await import(`${place}/index.js`);
const { mesh } = await import(`${place}/auto/index.js`);

const say = (line) => process.stdout.write(`${line}\n`);
const own = await join({ log() {} });
const listening = await own.listen(
  (_request, response) => response.end(`${own.context().peer} ${mesh.context()}`),
  0,
  { address: '127.0.0.1' },
);
say(listening.port);
say([own === mesh, own.status().listeners.length, mesh.status().listeners.length].join(' '));
const code = (call) =>
  call.then(
    () => 'answered',
    (error) => error.code,
  );
say(await code(own.fetch('http://unknown.test/')));
say(await code(fetch('http://unknown.test/')));
process.once('SIGTERM', async () => {
  await own.close();
  say(`${await code(own.fetch('http://unknown.test/'))} ${await code(fetch('http://unknown.test/'))}`);
});
