/** The greeter without a framework. */
// #region app
import { join } from 'heddle';

const mesh = await join();
await mesh.listen(
  (_request, response) => {
    response.end(`Hello, ${mesh.context()?.peer}`);
  },
  Number(process.env.PORT ?? 9401),
);
// #endregion
process.once('SIGTERM', () => mesh.close());
console.log('ready');
