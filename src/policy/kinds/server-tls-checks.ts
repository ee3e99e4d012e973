/**
 * TLS settings of a listener: what their schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` validateTLSOptions; `pkg/config/security/security.go` IsValidCipherSuite
 */
import type { FieldPath, Findings } from './kind.js';
import type { ServerTlsSpec } from './server-tls.js';

const CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
];

export type TlsMode = NonNullable<ServerTlsSpec['mode']>;

/** Left out, TLS is passed on as it is. */
export function tlsMode(tls: ServerTlsSpec): TlsMode {
  return tls.mode ?? 'PASSTHROUGH';
}

/** Is TLS passed on, not ended here? */
export function passesThrough(tls: ServerTlsSpec): boolean {
  return tlsMode(tls) === 'PASSTHROUGH' || tlsMode(tls) === 'AUTO_PASSTHROUGH';
}

export function checkServerTls(tls: ServerTlsSpec | undefined, path: FieldPath, findings: Findings): void {
  if (tls === undefined) return;
  const mode = tlsMode(tls);
  checkVersions(tls, path, findings);
  checkCiphers(tls, path, findings);
  if (mode === 'ISTIO_MUTUAL') {
    for (const field of ownFields(tls))
      findings.error([...path, field], 'ISTIO_MUTUAL uses the identity of the mesh; take this out');
    return;
  }
  if (passesThrough(tls))
    for (const field of [...ownFields(tls), ...(tls.caCrl ? ['caCrl'] : [])])
      findings.warning([...path, field], `it has no effect: with ${mode} TLS is not ended here`);
  const sources = certificateSources(tls);
  if (sources.length > 1) findings.error(path, `only one of ${sources.join(', ')} can be set`);
  if (passesThrough(tls)) checkCrl(tls, mode, path, findings);
  // Certificates that are fetched bring all that is needed, and a list of the revoked ones.
  else if (!tls.credentialName && !tls.credentialNames?.length) {
    checkCertificates(tls, mode, path, findings);
    checkCrl(tls, mode, path, findings);
  }
}

function checkVersions(tls: ServerTlsSpec, path: FieldPath, findings: Findings): void {
  const least = tls.minProtocolVersion;
  if ((least === 'TLSV1_0' || least === 'TLSV1_1') && !tls.cipherSuites?.length)
    findings.warning(
      [...path, 'minProtocolVersion'],
      'versions below TLSV1_2 need cipher suites that are off unless cipherSuites names them',
    );
}

function checkCiphers(tls: ServerTlsSpec, path: FieldPath, findings: Findings): void {
  const seen = new Set<string>();
  for (const [index, suite] of (tls.cipherSuites ?? []).entries()) {
    const at = [...path, 'cipherSuites', index];
    // What does not begin with a letter or digit is an operator of OpenSSL's lists, and is taken as it is.
    if (suite !== '' && suite !== 'ALL' && /^[\p{L}\p{N}]/u.test(suite) && !CIPHERS.includes(suite))
      findings.warning(
        at,
        `'${suite}' is not a cipher suite and is left out: expected ${CIPHERS.join(', ')}`,
      );
    else if (seen.has(suite)) findings.warning(at, `'${suite}' is listed twice`);
    seen.add(suite);
  }
}

/** Fields that bring certificates, as far as they are set. */
function ownFields(tls: ServerTlsSpec): string[] {
  const fields = [
    'serverCertificate',
    'privateKey',
    'caCertificates',
    'tlsCertificates',
    'credentialName',
    'credentialNames',
  ] as const;
  return fields.filter((field) => (tls[field]?.length ?? 0) > 0);
}

function certificateSources(tls: ServerTlsSpec): string[] {
  const sources: string[] = [];
  if (tls.serverCertificate && tls.privateKey) sources.push('serverCertificate with privateKey');
  if (tls.credentialName) sources.push('credentialName');
  if (tls.credentialNames?.length) sources.push('credentialNames');
  if (tls.tlsCertificates?.length) sources.push('tlsCertificates');
  return sources;
}

function checkCertificates(tls: ServerTlsSpec, mode: TlsMode, path: FieldPath, findings: Findings): void {
  if (mode !== 'SIMPLE' && !tls.caCertificates)
    findings.error(
      [...path, 'caCertificates'],
      `mode ${mode} needs caCertificates, or a credentialName, to verify clients by`,
    );
  const listed = tls.tlsCertificates ?? [];
  if (listed.length > 2)
    findings.warning([...path, 'tlsCertificates'], 'at most two are used, one a kind of key (RSA, ECDSA)');
  const certificates: readonly [
    FieldPath,
    { serverCertificate?: string | undefined; privateKey?: string | undefined },
  ][] =
    listed.length > 0
      ? listed.map((certificate, index) => [[...path, 'tlsCertificates', index], certificate])
      : [[path, tls]];
  for (const [at, certificate] of certificates)
    for (const field of ['serverCertificate', 'privateKey'] as const)
      if (!certificate[field])
        findings.error([...at, field], `mode ${mode} needs '${field}', or a credentialName`);
}

function checkCrl(tls: ServerTlsSpec, mode: TlsMode, path: FieldPath, findings: Findings): void {
  if (!tls.caCrl) return;
  const at = [...path, 'caCrl'];
  if (tls.credentialName)
    findings.error(at, 'cannot stand beside credentialName; put the list into the credential');
  if (mode === 'SIMPLE') findings.error(at, 'mode SIMPLE asks clients for no certificate; take this out');
}
