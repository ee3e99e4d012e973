import { type Notes, partly, yes } from '../note.js';
import { targetNotes } from './target.js';

export const authorizationPolicyNotes: Notes = {
  selector: yes('of workloads in its own namespace; of all in `istio-system`'),
  'selector.matchLabels': yes('all of them on the workload'),
  ...targetNotes,
  'rules[]': yes('one must match; without rules the policy matches nothing'),
  'rules[].from[]': yes('one must match; of a source, everything that it names'),
  'rules[].from[].source': yes("what the peer's certificate and the token prove"),
  'rules[].from[].source.principals': yes(
    '`cluster.local/ns/NAMESPACE/sa/ACCOUNT`, with `*` at the beginning or the end',
  ),
  'rules[].from[].source.notPrincipals': yes('none of these'),
  'rules[].from[].source.namespaces': yes('of the peer'),
  'rules[].from[].source.notNamespaces': yes('none of these'),
  'rules[].from[].source.serviceAccounts': yes('of the peer: `account`, or `namespace/account`'),
  'rules[].from[].source.notServiceAccounts': yes('none of these'),
  'rules[].from[].source.trustDomains': yes('of the peer'),
  'rules[].from[].source.notTrustDomains': yes('none of these'),
  'rules[].from[].source.requestPrincipals': yes(
    '`ISSUER/SUBJECT` of the token; `*`: any token that was verified',
  ),
  'rules[].from[].source.notRequestPrincipals': yes('none of these; `*`: no token'),
  'rules[].from[].source.ipBlocks': yes('address of the connection, as CIDR'),
  'rules[].from[].source.notIpBlocks': yes('none of these'),
  'rules[].from[].source.remoteIpBlocks': yes(
    'address of the client by `x-forwarded-for`, as far as `HEDDLE_TRUSTED_HOPS` says',
  ),
  'rules[].from[].source.notRemoteIpBlocks': yes('none of these'),
  'rules[].to[]': yes('one must match; of an operation, everything that it names'),
  'rules[].to[].operation.hosts': yes('as they were called, with `*` at the beginning or the end'),
  'rules[].to[].operation.notHosts': yes('none of these'),
  'rules[].to[].operation.ports': yes('of the workload'),
  'rules[].to[].operation.notPorts': yes('none of these'),
  'rules[].to[].operation.methods': yes('e.g. `GET`'),
  'rules[].to[].operation.notMethods': yes('none of these'),
  'rules[].to[].operation.paths': partly(
    'the normalized path without its query: exact, `prefix*`, `*suffix`, or a template (`{*}`, `{**}`)',
  ),
  'rules[].to[].operation.notPaths': partly('none of these'),
  'rules[].when[]': yes('all must hold'),
  'rules[].when[].key': partly("all of Istio's attributes but `experimental.envoy.filters.*`"),
  'rules[].when[].values': yes('one of these'),
  'rules[].when[].notValues': yes('none of these'),
  action: partly(
    "ALLOW, DENY, AUDIT; CUSTOM asks a provider, and refuses what it matches where that is not known or the policies of the workload name several, as Istio does; on TCP, too. Dry run by Istio's annotation",
    {
      default: 'ALLOW',
    },
  ),
  'provider.name': yes(
    'only CUSTOM has one: of `extensionProviders` of a MeshConfig; one that is not known is told',
  ),
};
