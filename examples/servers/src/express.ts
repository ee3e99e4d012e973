/** The greeter with Express 5; the same lines do for Express 4. */
// #region app
import express from 'express';
import { join } from 'heddle';

const mesh = await join();
const app = express();

app.get('/hello', (_request, response) => {
  response.send(`Hello, ${mesh.context()?.peer}`);
});

await mesh.listen(app, Number(process.env.PORT ?? 9401));
// #endregion
process.once('SIGTERM', () => mesh.close());
console.log('ready');
