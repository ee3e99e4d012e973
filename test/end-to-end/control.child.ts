/** A config service as a process of its own, until it is killed. It prints its port, and where the operator's token lies. */
import { startControl } from '@heddle/control';

const control = await startControl({
  dataDir: process.argv[2]!,
  svidTtlMs: Number(process.argv[3]),
  port: 0,
  log: () => {},
});
process.stdout.write(`${control.port}\n${control.operatorTokenFile}\n`);
