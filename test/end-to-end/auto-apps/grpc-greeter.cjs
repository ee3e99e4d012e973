// As a generator makes them.
const grpc = require('@grpc/grpc-js');

const serialize = (message) => Buffer.from(JSON.stringify(message));
const method = (name, responseStream) => ({
  path: `/test.Greeter/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: serialize,
  requestDeserialize: JSON.parse,
  responseSerialize: serialize,
  responseDeserialize: JSON.parse,
});
const service = {
  greet: method('Greet', false),
  repeat: method('Repeat', true),
  wait: method('Wait', false),
};
exports.Greeter = grpc.makeGenericClientConstructor(service, 'Greeter');
