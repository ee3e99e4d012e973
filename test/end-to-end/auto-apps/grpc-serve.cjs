// A gRPC server that knows nothing of a mesh.
const grpc = require('@grpc/grpc-js');
const { Greeter } = require('./grpc-greeter.cjs');

const [address = '127.0.0.1:0'] = process.argv.slice(2);
const server = new grpc.Server();
server.addService(Greeter.service, {
  greet: (call, answer) => answer(null, { text: `hello, ${call.request.text}` }),
  repeat(call) {
    for (let i = 1; i <= 3; i += 1) call.write({ text: `${call.request.text} ${i}` });
    call.end();
  },
  wait(_call, answer) {
    // Whoever reads that may send the signal at once.
    process.once('SIGUSR2', () => answer(null, { text: 'waited' }));
    process.stdout.write('somebody waits\n');
  },
});
process.once('SIGTERM', () =>
  server.tryShutdown((error) => process.stdout.write(`shut down ${error ?? 'well'}\n`)),
);
server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
