// Before anything else: takes a free port, and excludes it from the mesh.
import { once } from 'node:events';
import { createServer } from 'node:net';

const reserved = createServer().listen(0, '127.0.0.1');
await once(reserved, 'listening');
process.env.HEDDLE_AUTO_EXCLUDE_INBOUND_PORTS = String(reserved.address().port);
globalThis.reserved = reserved;
