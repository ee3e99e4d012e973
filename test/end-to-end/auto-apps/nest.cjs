// A service that knows nothing of the mesh, with NestJS over whichever platform it is asked for. What a compiler makes of decorators is
// written out.
require('reflect-metadata');
const { Controller, Get, Module, Req } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');

const [kind] = process.argv.slice(2);

class Service {
  answer(request) {
    return { kind: `${kind}.cjs`, url: request.url, from: request.socket.remoteAddress };
  }
}
Get('some')(Service.prototype, 'answer', Object.getOwnPropertyDescriptor(Service.prototype, 'answer'));
Req()(Service.prototype, 'answer', 0);
Controller()(Service);
class Application {}
Module({ controllers: [Service] })(Application);

(async () => {
  const { ExpressAdapter } = require('@nestjs/platform-express');
  const { FastifyAdapter } = require('@nestjs/platform-fastify');
  const adapter = kind === 'nest-fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(Application, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  process.stdout.write(`${app.getHttpServer().address().port}\n`);
})();
