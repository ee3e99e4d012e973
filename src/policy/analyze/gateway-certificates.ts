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
      const names = fewNames(othersWith(gateway, users.get(certificate) ?? []));
      if (names === '') continue;
      report(gateway, {
        code: 'IST0138',
        level: 'warning',
        path: ['spec', 'servers', index, 'tls', field],
        message: `${names} has the same certificate, so clients that reuse a connection may get a 404; serve it from one Gateway`,
      });
    }
};

/** Those whose workloads are, or may be, the same. */
function* othersWith(one: Subject<GatewaySpec>, users: readonly Subject<GatewaySpec>[]): Generator<string> {
  for (const other of users)
    if (other.id !== one.id && selects(one.spec.selector, other.spec.selector ?? {})) yield other.id;
}

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
