/** A config service that runs until it is killed; its URL is the first line that it prints. */
import { startControl } from './server.js';

const control = await startControl({ dataDir: process.argv[2]!, port: 0, log: () => {} });
process.stdout.write(`${control.url}\n`);
