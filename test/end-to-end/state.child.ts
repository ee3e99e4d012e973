/** A service that calls another: serves its own name, and on `/call/HOST` what HOST answers. Prints its port, then what its status says. */
import { join } from 'heddle';

const mesh = await join();
const { port } = await mesh.listen(
  async (request, response) => {
    const host = /^\/call\/(.+)$/.exec(request.url ?? '')?.[1];
    if (host !== undefined) response.end(await (await mesh.fetch(`http://${host}/`)).text());
    else if (request.url === '/status') response.end(JSON.stringify(mesh.status()));
    else response.end(`${process.env.HEDDLE_SERVICE} for ${mesh.context()?.peer}`);
  },
  Number(process.argv[2] ?? 0),
);
process.once('SIGTERM', () => void mesh.close());
const { identity, source } = mesh.status();
process.stdout.write(`${port}\n`);
process.stdout.write(`${JSON.stringify({ fromLastGood: source.fromLastGood, identity })}\n`);
