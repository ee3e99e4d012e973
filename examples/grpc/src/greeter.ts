/** The greeter speaks gRPC, and HTTP beside it on the same port. It asks `names` by HTTP. */
import {
  Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { join } from 'heddle';
import { type Caller, definition, Greeter, type Greeting } from './greeter-proto.js';

let asked = 0;
type Call = ServerUnaryCall<Caller, Greeting>;
type Answer = sendUnaryData<Greeting>;

const greeter = {
  async Greet({ request }: Call, answer: Answer) {
    const response = await mesh.fetch(`http://names/${request.name}`);
    answer(null, { text: `Hello, ${await response.text()}. You are ${mesh.context()?.peer}` });
  },
  GreetInAllLanguages(call: ServerWritableStream<Caller, Greeting>) {
    for (const hello of ['Hello', 'Hallo', 'Bonjour']) call.write({ text: `${hello}, ${call.request.name}` });
    call.end();
  },
  GreetMoodily(_call: Call, answer: Answer) {
    asked += 1;
    if (asked % 3 !== 0) answer({ code: status.UNAVAILABLE, details: 'not now' });
    else answer(null, { text: `Hello, at attempt ${asked}` });
  },
  GreetSlowly(_call: Call, _answer: Answer) {
    // Who asked gives up.
  },
};

// #region server
import { listen } from '@heddle/grpc';
import express from 'express';

const mesh = await join();
const server = new Server();
server.addService(Greeter.service, greeter);

const app = express();
app.get('/about', (_request, response) => {
  response.send('I greet');
});

await listen(mesh, server, Number(process.env.PORT ?? 9501), {
  http: app, // what is not gRPC, on the same port
  health: true, // grpc.health.v1.Health
  reflection: definition, // for grpcurl and its like
});
// #endregion
process.once('SIGTERM', () => mesh.close());
console.log('ready');
