/** Three services, HTTP → gRPC → HTTP, and who may call the one in the middle, and how. */
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { clientOptions } from '@heddle/grpc';
import { join, type Mesh } from 'heddle';
import { Greeter, type GreeterClient } from './greeter-proto.js';
import { Services } from './services.js';

const ports = (process.env.PORTS ?? '9501,9502,9503').split(',');
const services = await Services.create();
const member = async (service: string) =>
  join({ service, identityDir: await services.identityOf(service), log() {} });

type Method = 'Greet' | 'GreetMoodily' | 'GreetSlowly';

/** What is answered, or the status and its details. */
function ask(client: GreeterClient, method: Method, metadata = new Metadata()): Promise<string> {
  return new Promise((resolve) => {
    client[method]({ name: 'Alice' }, metadata, (error: ServiceError | null, greeting) =>
      resolve(error === null ? greeting!.text : `${status[error.code]}: ${error.details}`),
    );
  });
}

const clientOf = (mesh: Mesh) => new Greeter('greeter', credentials.createInsecure(), clientOptions(mesh));

try {
  const names = ['greeter', 'page', 'names'];
  await Promise.all(names.map((name, index) => services.start(name, ports[index]!)));
  const [caller, stranger] = await Promise.all([member('caller'), member('stranger')]);
  const client = clientOf(caller);

  console.log('Greet:', await ask(client, 'Greet'));
  const greetings = await client.GreetInAllLanguages({ name: 'Alice' }).toArray();
  console.log('GreetInAllLanguages:', greetings.map(({ text }) => text).join('; '));
  console.log('GreetMoodily:', await ask(client, 'GreetMoodily'));
  console.log('GreetSlowly:', (await ask(client, 'GreetSlowly')).split(':')[0]);
  const tester = new Metadata();
  tester.set('x-tester', 'true');
  console.log('Greet, by a tester:', (await ask(client, 'Greet', tester)).split(':')[0]);
  console.log('Greet, by a stranger:', await ask(clientOf(stranger), 'Greet'));
  const about = await caller.fetch('http://greeter/about');
  console.log('HTTP on the same port:', about.status, await about.text());

  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  const page = await caller.fetch('http://page/Bob', { headers });
  console.log('HTTP → gRPC → HTTP:', page.status, await page.text());
  const served = ['page', 'greeter', 'names'].map((name) => services.served(traceId, name));
  console.log('in one trace:', (await Promise.all(served)).join(' → '));
  await Promise.all([caller.close(), stranger.close()]);
} finally {
  await services.stop();
}
