// A service with HTTP for its probes and gRPC for its callers, and what the mesh makes known of them.
import { createServer } from 'node:http';
import grpc from '@grpc/grpc-js';
import { Greeter } from './grpc-greeter.cjs';

const [auto, first] = process.argv.slice(2);
const { mesh } = await import(auto);

const serveHttp = () =>
  new Promise((resolve) => {
    const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1', () =>
      resolve(() => server.close()),
    );
  });
const serveGrpc = () =>
  new Promise((resolve, reject) => {
    const server = new grpc.Server();
    server.addService(Greeter.service, {});
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error) return reject(error);
      server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (taken) => {
        process.stdout.write(`${taken === null ? 'bound twice' : 'not bound twice'}\n`);
        resolve(() => server.forceShutdown());
      });
    });
  });

const services = first === 'grpc' ? [serveGrpc, serveHttp] : [serveHttp, serveGrpc];
const ends = [];
for (const serve of services) ends.push(await serve());
process.stdout.write(`${mesh.status().listeners.map(({ protocol }) => protocol)}\n`);
for (const end of ends) end();
