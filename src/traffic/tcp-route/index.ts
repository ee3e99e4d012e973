/** Routing of connections: TLS that is passed on as it is, and bytes of any other kind. */

export { type Groups, parseIp, parseSubnet } from '../../base/ip.js';
export {
  type CompileConnections,
  CompiledConnectionDestination,
  CompiledConnectionRoute,
  type ConnectionForward,
  type ConnectionTable,
  compileConnections,
} from './compile.js';
export { type ConnectionFacts, type ConnectionVerdict, decideConnection } from './decide.js';
export { describeConnectionMismatch } from './mismatch.js';
export type * from './policy.js';
