/**
 * Client `tls`: what its schema cannot say.
 * @source Istio `agent/validation.go` ValidateTLS; spec validation.md §3
 */
import type { ClientTlsSpec } from './destination-rule.js';
import type { FieldPath, Findings } from './kind.js';

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
    if (mode === 'SIMPLE' || mode === 'MUTUAL')
      findings.unsupported(
        [...path, 'credentialName'],
        'Heddle reads no Kubernetes secrets; name files: caCertificates, clientCertificate, privateKey',
      );
  }
  if (mode === 'MUTUAL' && !tls.credentialName)
    for (const field of ['clientCertificate', 'privateKey'] as const)
      if (!tls[field]) findings.error([...path, field], `mode MUTUAL needs '${field}'`);
  if (mode === 'ISTIO_MUTUAL')
    for (const field of [...files, ...(tls.credentialName ? (['credentialName'] as const) : [])])
      findings.info(
        [...path, field],
        'it has no effect: with ISTIO_MUTUAL the identity of the mesh is used; take it out',
      );
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
