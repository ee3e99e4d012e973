/** Who is behind a name. */
import express from 'express';
import { join } from 'heddle';

const mesh = await join();
const app = express();
app.get('/:name', (request, response) => {
  response.send(`dear ${request.params.name}`);
});

await mesh.listen(app, Number(process.env.PORT ?? 9503));
process.once('SIGTERM', () => mesh.close());
console.log('ready');
