/**
 * IST0138: Gateways that share a certificate; a client that finds it valid for a host of the other sends its calls down a connection
 * that does not know the host.
 * @source Istio `pkg/config/analysis/analyzers/gateway/certificate.go`
 */
import type { GatewaySpec } from '../kinds/gateway.js';
import { fewNames } from './few-names.js';
import { selects } from './selectors.js';
import type { Analyzer, Subject } from './world.js';

type Tls = NonNullable<NonNullable<GatewaySpec['servers']>[number]['tls']>;

export const gatewayCertificates: Analyzer = ({ gateways }, report) => {
  const users = new Map<string, Subject<GatewaySpec>[]>();
  for (const gateway of gateways.all)
    for (const { certificate } of certificatesOf(gateway)) {
      const present = users.get(certificate);
      if (present === undefined) users.set(certificate, [gateway]);
      else present.push(gateway);
    }
  for (const gateway of gateways.asked)
    for (const { certificate, field, index } of certificatesOf(gateway)) {
      const others = (users.get(certificate) ?? []).filter(
        (other) => other.id !== gateway.id && selects(gateway.spec.selector, other.spec.selector ?? {}),
      );
      if (others.length === 0) continue;
      const names = fewNames(others.map(({ id }) => id));
      report(gateway, {
        code: 'IST0138',
        level: 'warning',
        path: ['spec', 'servers', index, 'tls', field],
        message: `${names} has the same certificate, so clients that reuse a connection may get a 404; serve it from one Gateway`,
      });
    }
};

function certificatesOf({ spec }: Subject<GatewaySpec>) {
  return (spec.servers ?? []).flatMap(({ tls }, index) => {
    const certificate = tls === undefined ? null : certificateOf(tls);
    if (certificate === null) return [];
    return [{ certificate, index, field: tls?.credentialName ? 'credentialName' : 'serverCertificate' }];
  });
}

function certificateOf({ credentialName, serverCertificate, privateKey }: Tls): string | null {
  if (credentialName) return JSON.stringify([credentialName]);
  return serverCertificate && privateKey ? JSON.stringify([serverCertificate, privateKey]) : null;
}
