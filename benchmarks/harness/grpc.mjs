/** The service that the benchmarks of gRPC call, its server, and calls of each kind by a generated client. */
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const proto = fileURLToPath(new URL('echo.proto', import.meta.url));
const { Echo } = grpc.loadPackageDefinition(loadSync(proto)).bench;

export { Echo, grpc };

/** Messages of a stream. */
export const MESSAGES = 1_000;
export const BLOCK = { payload: Buffer.alloc(200, 'x') };

/** Not bound to a port yet. */
export function echoServer() {
  const server = new grpc.Server();
  server.addService(Echo.service, {
    Unary: (call, answer) => answer(null, call.request),
    Download(call) {
      let left = Number(call.metadata.get('count')[0] ?? MESSAGES);
      const send = () => {
        while (left > 0) {
          left -= 1;
          if (!call.write(call.request)) return void call.once('drain', send);
        }
        call.end();
      };
      send();
    },
    Upload(call, answer) {
      let last = BLOCK;
      call.on('data', (block) => {
        last = block;
      });
      call.on('end', () => answer(null, last));
    },
    Chat(call) {
      call.on('data', (block) => call.write(block));
      call.on('end', () => call.end());
    },
  });
  return server;
}

/** The server that gRPC has, with mutual TLS. @returns its port */
export function listening(server, pem) {
  const pair = [{ private_key: Buffer.from(pem.key), cert_chain: Buffer.from(pem.cert) }];
  const credentials = grpc.ServerCredentials.createSsl(Buffer.from(pem.ca), pair, true);
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

/** The client that gRPC has, with mutual TLS. @param target of grpc-js */
export function bareClient(target, pem, options = {}) {
  const [ca, key, cert] = [pem.ca, pem.key, pem.cert].map((text) => Buffer.from(text));
  const credentials = grpc.credentials.createSsl(ca, key, cert, { checkServerIdentity: () => undefined });
  return new Echo(target, credentials, { 'grpc.ssl_target_name_override': 'peer', ...options });
}

/** One call of each kind; each resolves with the bytes of payload that came back. */
export const callsOf = (client) => ({
  unary: () =>
    new Promise((resolve, reject) => {
      client.Unary(BLOCK, (error, block) => (error ? reject(error) : resolve(block.payload.length)));
    }),
  download: () => received(client.Download(BLOCK)),
  upload: () =>
    new Promise((resolve, reject) => {
      const call = client.Upload((error, block) => (error ? reject(error) : resolve(block.payload.length)));
      sendAll(call);
    }),
  chat() {
    const call = client.Chat();
    sendAll(call);
    return received(call);
  },
});

function sendAll(call) {
  let left = MESSAGES;
  const send = () => {
    while (left > 0) {
      left -= 1;
      if (!call.write(BLOCK)) return void call.once('drain', send);
    }
    call.end();
  };
  send();
}

function received(call) {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    call.on('data', (block) => {
      bytes += block.payload.length;
    });
    call.on('error', reject);
    call.on('end', () => resolve(bytes));
  });
}
