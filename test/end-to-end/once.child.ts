/** Joins, makes one call and says how it went. It neither closes the mesh nor ends by itself. */
import { isMeshError, join } from 'heddle';

const mesh = await join({ log() {} });
try {
  const response = await mesh.fetch(process.argv[2]!);
  process.stdout.write(`${response.status}\n`);
} catch (error) {
  process.stdout.write(`${isMeshError(error) ? `${error.code} after ${error.attempts}` : error}\n`);
}
if (process.argv[3] === 'close') await mesh.close();
