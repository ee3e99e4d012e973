/** A config service that runs until it is killed; its URL is the first line that it prints. */
import { startControl } from './server.js';

const [, , dataDir, port = '0'] = process.argv;
const control = await startControl({ dataDir: dataDir!, port: Number(port), log: () => {} });
process.stdout.write(`${control.url}\n`);
