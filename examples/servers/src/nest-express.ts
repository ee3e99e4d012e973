/** The greeter with NestJS over Express. */
// #region app
import { NestFactory } from '@nestjs/core';
import { GreeterModule, mesh } from './nest-greeter.js';

const app = await NestFactory.create(GreeterModule, { logger: ['error', 'warn'] });
await app.init();
await mesh.listen(app.getHttpServer(), Number(process.env.PORT ?? 9401));
// #endregion
process.once('SIGTERM', async () => {
  await mesh.close();
  await app.close();
});
console.log('ready');
