/** `mesh.agent`: calls of the mesh for everything that is written for `node:http`. */
import type { Agent } from 'node:https';
import type { Clock } from '../../base/clock.js';
import type { Outbound } from '../../outbound/call.js';
import { MeshAgent } from './agent.js';

/** For `http:` and `https:` alike. Owns no connections: destroying it gives up the requests under way, and leaves the mesh as it is. */
export function agentOver(outbound: Outbound, clock: Clock): Agent {
  return new MeshAgent(outbound, clock);
}
