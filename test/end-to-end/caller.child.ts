/**
 * A pure client: joins by its environment and calls without a pause. Prints a line for each answer, `ok VERSION BODY` or
 * `failed ERROR`; ends when it is told to.
 */
import { isMeshError, join } from 'heddle';

const mesh = await join();
let going = true;
process.once('SIGTERM', () => {
  going = false;
});
const unknown: unknown = await mesh.fetch('http://nobody/').catch((error: unknown) => error);
process.stdout.write(`unknown ${isMeshError(unknown) ? `${unknown.code} ${unknown.flag}` : unknown}\n`);
while (going) {
  try {
    const response = await mesh.fetch('http://reviews/');
    const body = await response.text();
    if (response.status !== 200) throw new Error(`status ${response.status}: ${body}`);
    process.stdout.write(`ok ${response.headers.get('x-version')} ${body}\n`);
  } catch (error) {
    process.stdout.write(`failed ${String(error).replaceAll('\n', ' ')}\n`);
  }
  await new Promise((resolve) => setTimeout(resolve, 2));
}
await mesh.close();
