import { type Notes, no, partly, yes } from '../note.js';

export const authorizationPolicyNotes: Notes = {
  selector: yes('of workloads in its own namespace; of all in `istio-system`'),
  targetRef: partly('accepted with a warning: for gateways and waypoints, never for a workload'),
  'targetRefs[]': partly('as `targetRef`'),
  'rules[].from[].source': yes("what the peer's certificate proves"),
  'rules[].from[].source.requestPrincipals': partly('tokens are not checked yet: matches nothing'),
  'rules[].from[].source.notRequestPrincipals': partly('tokens are not checked yet: matches everything'),
  'rules[].from[].source.ipBlocks': yes('address of the connection'),
  'rules[].from[].source.notIpBlocks': yes('address of the connection'),
  'rules[].from[].source.remoteIpBlocks': yes('by `x-forwarded-for`, as far as `HEDDLE_TRUSTED_HOPS` says'),
  'rules[].from[].source.notRemoteIpBlocks': yes('as `remoteIpBlocks`'),
  'rules[].to[].operation': yes(
    'of the normalized path, without its query; `*`, prefix, suffix and path templates',
  ),
  'rules[].when[]': partly("all of Istio's keys; those of tokens (`request.auth.*`) match nothing yet"),
  action: partly("ALLOW, DENY, AUDIT; CUSTOM is refused. Dry run by Istio's annotation"),
  provider: no('only CUSTOM has one'),
};
