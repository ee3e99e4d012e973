/** A page that asks the greeter by gRPC. */
// #region client
import { credentials, Metadata } from '@grpc/grpc-js';
import { clientOptions } from '@heddle/grpc';
import express from 'express';
import { join } from 'heddle';
import { Greeter } from './greeter-proto.js';

const mesh = await join();
const greeter = new Greeter('greeter', credentials.createInsecure(), clientOptions(mesh));

const app = express();
app.get('/:name', (request, response) => {
  greeter.Greet({ name: request.params.name }, new Metadata(), (error, greeting) => {
    if (error) response.status(503).send(error.details);
    else response.send(greeting?.text);
  });
});

await mesh.listen(app, Number(process.env.PORT ?? 9502));
// #endregion
process.once('SIGTERM', () => mesh.close());
console.log('ready');
