/**
 * Client `tls`: what its schema cannot say.
 * @source Istio `agent/validation.go` ValidateTLS; spec validation.md §3
 */
import type { ClientTlsSpec } from './destination-rule.js';
import type { FieldPath, Findings } from './kind.js';

const CERTIFICATE = ['clientCertificate', 'privateKey'] as const;
const VERIFYING = ['caCertificates', 'credentialName', 'insecureSkipVerify', 'caCrl'] as const;

/** Fields that do nothing with a mode; Istio says nothing of them. */
const IDLE: Partial<
  Record<string, { readonly fields: readonly (keyof ClientTlsSpec)[]; readonly because: string }>
> = {
  DISABLE: {
    fields: [...CERTIFICATE, ...VERIFYING, 'subjectAltNames', 'sni'],
    because: 'without a mode, or with DISABLE, calls are in plain text; set the mode',
  },
  SIMPLE: {
    fields: CERTIFICATE,
    because: 'with SIMPLE the caller shows no certificate; write MUTUAL, or take it out',
  },
  ISTIO_MUTUAL: {
    fields: [...CERTIFICATE, ...VERIFYING],
    because: 'with ISTIO_MUTUAL the identity of the mesh is used; take it out',
  },
};

/** @param namespace of the resource: a credential is found there and nowhere else */
export function checkClientTls(
  tls: ClientTlsSpec | undefined,
  path: FieldPath,
  findings: Findings,
  namespace: string,
): void {
  if (tls === undefined) return;
  const mode = tls.mode ?? 'DISABLE';
  const files = (['clientCertificate', 'privateKey', 'caCertificates'] as const).filter(
    (field) => tls[field],
  );
  if (tls.credentialName) {
    const beside = [...files, ...(tls.caCrl ? ['caCrl'] : [])];
    if ((mode === 'SIMPLE' || mode === 'MUTUAL') && beside.length > 0)
      findings.error([...path, 'credentialName'], `cannot stand beside ${beside.join(', ')}`);
    checkConfigMap(tls.credentialName, [...path, 'credentialName'], findings, namespace);
  }
  if (mode === 'MUTUAL' && !tls.credentialName)
    for (const field of ['clientCertificate', 'privateKey'] as const)
      if (!tls[field]) findings.error([...path, field], `mode MUTUAL needs '${field}'`);
  const idle = IDLE[mode];
  for (const field of idle?.fields ?? [])
    if (tls[field] && String(tls[field]) !== '')
      findings.info([...path, field], `it has no effect: ${idle!.because}`);
  if (tls.insecureSkipVerify === true && (mode === 'SIMPLE' || mode === 'MUTUAL')) {
    for (const field of ['caCertificates', 'subjectAltNames'] as const)
      if (tls[field] !== undefined && tls[field].length > 0)
        findings.error(
          [...path, 'insecureSkipVerify'],
          `nothing is verified, so '${field}' has no effect; keep one`,
        );
    if (mode === 'SIMPLE' && tls.credentialName)
      findings.error([...path, 'insecureSkipVerify'], "cannot stand beside 'credentialName'");
  }
}

/** @source Istio `pilot/pkg/model/credentials/resource.go` ParseResourceName */
function checkConfigMap(name: string, path: FieldPath, findings: Findings, namespace: string): void {
  if (!name.startsWith('configmap://')) return;
  const [found = '', rest = ''] = name.slice('configmap://'.length).split('/');
  if (found === '' || rest === '')
    findings.error(path, `'${name}' is not a ConfigMap: expected configmap://namespace/name`);
  else if (found !== namespace)
    findings.error(
      path,
      `a ConfigMap must be in the rule's own namespace, '${namespace}', not in '${found}'`,
    );
}
