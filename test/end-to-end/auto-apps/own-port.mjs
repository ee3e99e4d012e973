// An application that uses the mesh which `heddle/auto` has joined, and opens its port itself. Prints who callers are told of.
// Arguments: where heddle is.
const [place] = process.argv.slice(2);
const { mesh } = await import(`${place}/auto/index.js`);
const { meshServer } = await import('@heddle/fastify');
const { default: Fastify } = await import('fastify');

const app = Fastify({ serverFactory: meshServer(mesh) });
await app.listen({ port: 0 });
const { port } = app.server.address();
const told = mesh.status().listeners.map((listener) => listener.port === port);
process.stdout.write(`${told}\n`);
await app.close();
await mesh.close();
