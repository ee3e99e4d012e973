// As grpc-call.cjs, from an ES module, by nice-grpc, which makes a channel by itself.
import { createChannel, createClient } from 'nice-grpc';
import { Greeter } from './grpc-greeter.cjs';

for (const target of process.argv.slice(2)) {
  const channel = createChannel(target);
  const client = createClient(Greeter.service, channel);
  const told = await client.greet({ text: 'unary' }).catch(({ message }) => ({ text: message }));
  process.stdout.write(`${told.text}\n`);
  channel.close();
}
