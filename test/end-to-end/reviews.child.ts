/** A service as its author writes it: joins by its environment, serves, and leaves when it is told to. */
import { join } from 'heddle';

const mesh = await join();
const { port } = await mesh.listen(async (request, response) => {
  if (request.url === '/slow') {
    // Listened for before anybody can know that it may be sent.
    const goOn = new Promise((resolve) => process.once('SIGUSR2', resolve));
    process.stdout.write('slow\n');
    await goOn;
  }
  response.end(`reviews for ${mesh.context()?.peer}`);
}, 0);
process.once('SIGTERM', () => void mesh.close());
process.stdout.write(`${port}\n`);
