/** The greeter with NestJS over Fastify. */
// #region app
import { meshServer } from '@heddle/fastify';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { GreeterModule, mesh } from './nest-greeter.js';

const adapter = new FastifyAdapter({ serverFactory: meshServer(mesh) });
const app = await NestFactory.create<NestFastifyApplication>(GreeterModule, adapter, {
  logger: ['error', 'warn'],
});
await app.listen(Number(process.env.PORT ?? 9401));
// #endregion
process.once('SIGTERM', async () => {
  await mesh.close();
  await app.close();
});
console.log('ready');
