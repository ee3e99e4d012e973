/**
 * IST0101, IST0161: a Gateway's `credentialName` is no Secret among the files, or one without a certificate and key. Only where there
 * are Secrets: a mesh of Heddle alone has none. Whether the certificate has run out is not looked at, analysis knows no clock.
 * @source Istio `pkg/config/analysis/analyzers/gateway/secret.go`, `pilot/pkg/credentials/kube/secrets.go` ExtractCertInfo
 */
import type { GatewaySpec } from '../kinds/gateway.js';
import type { ParsedResource } from '../parse.js';
import { fieldAt } from './kubernetes.js';
import { selects } from './selectors.js';
import type { Analyzer, Subject, World } from './world.js';

export const gatewayCredentials: Analyzer = (world, report) => {
  const { kubernetes, gateways } = world;
  if (!kubernetes.hasSecrets) return;
  for (const gateway of gateways.asked)
    for (const [index, { tls }] of (gateway.spec.servers ?? []).entries()) {
      const name = tls?.credentialName ?? '';
      const namespace = namespaceOf(gateway, world);
      if (name === '' || namespace === null) continue;
      const path = ['spec', 'servers', index, 'tls', 'credentialName'];
      const id = name.includes('/') ? name : `${namespace}/${name}`;
      const secret = kubernetes.find('Secret', id);
      if (secret === undefined)
        report(gateway, {
          code: 'IST0101',
          level: 'error',
          path,
          message: `Secret ${id} is not among the resources; it has to be in the namespace of the gateway's workloads`,
        });
      else if (!holdsCertificate(secret))
        report(gateway, {
          code: 'IST0161',
          level: 'error',
          path,
          message: `Secret ${id} holds no certificate and key; give it 'tls.crt' and 'tls.key' (or 'cert' and 'key'), PEM in base64`,
        });
    }
};

/** Of the workloads that it selects; its own where nobody knows which there are. null: it selects none, which is told elsewhere. */
function namespaceOf({ spec, metadata }: Subject<GatewaySpec>, { workloads }: World): string | null {
  if (workloads === null) return metadata.namespace;
  return workloads.find(({ labels }) => selects(spec.selector, labels))?.namespace ?? null;
}

function holdsCertificate(secret: ParsedResource): boolean {
  for (const [certificate, key] of [
    ['cert', 'key'],
    ['tls.crt', 'tls.key'],
  ] as const) {
    const text = textOf(secret, certificate);
    if (text !== '' && textOf(secret, key) !== '') return PEM.test(text);
  }
  return false;
}

const PEM = /^-----BEGIN CERTIFICATE-----\s+[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/m;

/** `stringData` is as it is, `data` is in base64. */
function textOf({ resource }: ParsedResource, key: string): string {
  const plain = fieldAt(resource.spec, ['stringData', key]);
  if (typeof plain === 'string') return plain;
  const encoded = fieldAt(resource.spec, ['data', key]);
  if (typeof encoded !== 'string') return '';
  try {
    return atob(encoded.replace(/\s/g, ''));
  } catch {
    return '';
  }
}
