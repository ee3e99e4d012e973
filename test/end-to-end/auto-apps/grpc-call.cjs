// gRPC clients that know nothing of a mesh: what each target answers.
const grpc = require('@grpc/grpc-js');
const { Greeter } = require('./grpc-greeter.cjs');

const credentials = { insecure: grpc.credentials.createInsecure(), ssl: grpc.credentials.createSsl() };

const unary = (client, method) =>
  new Promise((resolve) => {
    client[method]({ text: 'unary' }, (error, answer) =>
      resolve(error === null ? answer.text : failed(error)),
    );
  });
async function stream(client) {
  try {
    return (await client.repeat({ text: 'stream' }).toArray()).map(({ text }) => text).join();
  } catch (error) {
    return failed(error);
  }
}
const failed = ({ code, details }) => `${grpc.status[code]} ${details}`.split('\n')[0];

(async () => {
  for (const asked of process.argv.slice(2)) {
    const [, scheme, target] = /^(?:(ssl|wait)\+)?(.*)$/.exec(asked);
    const client = new Greeter(target, credentials[scheme] ?? credentials.insecure);
    process.stdout.write(`${await unary(client, scheme === 'wait' ? 'wait' : 'greet')}\n`);
    process.stdout.write(`${await stream(client)}\n`);
    client.close();
  }
})();
