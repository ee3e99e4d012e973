/**
 * IST0128, IST0129: TLS to a server with no roots of its own named, for a destination or one of its ports. The system's roots are then
 * used, which is right for a public server and wrong for a private one.
 * @source Istio `pkg/config/analysis/analyzers/destinationrule/ca-certificates.go`
 */
import type { ClientTlsSpec, DestinationRuleSpec } from '../kinds/destination-rule.js';
import type { FieldPath } from '../kinds/kind.js';
import type { Analyzer } from './world.js';

export const unverifiedServers: Analyzer = ({ destinationRules }, report) => {
  for (const rule of destinationRules.asked) {
    const policy = rule.spec.trafficPolicy;
    const check = (code: string, tls: ClientTlsSpec | undefined, path: FieldPath) => {
      if (tls === undefined || !lacksRoots(tls, rule.spec)) return;
      const message = `mode ${tls.mode} without 'caCertificates' trusts the system's roots; name the file of the server's own root`;
      report(rule, { code, level: 'warning', path: [...path, 'tls'], message });
    };
    check('IST0128', policy?.tls, ['spec', 'trafficPolicy']);
    for (const [index, settings] of (policy?.portLevelSettings ?? []).entries())
      check('IST0129', settings.tls, ['spec', 'trafficPolicy', 'portLevelSettings', index]);
  }
};

/** A credential is read by the workloads that the rule selects, and by no others. */
function lacksRoots(tls: ClientTlsSpec, { workloadSelector }: DestinationRuleSpec): boolean {
  if (tls.mode !== 'SIMPLE' && tls.mode !== 'MUTUAL') return false;
  const credential = (tls.credentialName ?? '') !== '' && workloadSelector !== undefined;
  return (tls.caCertificates ?? '') === '' && !credential;
}
