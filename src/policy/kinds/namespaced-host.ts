/**
 * `namespace/host`, as the servers of a Gateway and the listeners of a Sidecar name hosts.
 * @source Istio `agent/validation.go` ValidateNamespaceSlashWildcardHostname, validateSidecarOrGatewayHostnamePart
 */
import { isDnsLabel, isIp, wildcardFault } from './addresses.js';
import type { FieldPath, Findings } from './kind.js';

/** A host, alone or after a namespace, `.` (its own) or `*` (any). @param nobody whether `~/host` is allowed */
export function checkGatewayHost(entry: string, path: FieldPath, findings: Findings, nobody: boolean): void {
  const { namespace, host } = split(entry);
  const named = namespace === null || namespace === '*' || namespace === '.' || (nobody && namespace === '~');
  if (!named && !isDnsLabel(namespace))
    findings.error(path, `'${namespace}' in '${entry}' is not a namespace: expected a name, '.' or '*'`);
  const fault = isIp(host) ? null : wildcardFault(host);
  checkHost(entry, host, fault, path, findings);
}

/** `namespace/host`; `~` before the namespace takes hosts out of what the others name. */
export function checkSidecarHost(entry: string, path: FieldPath, findings: Findings): void {
  const { namespace, host } = split(entry);
  if (namespace === null) {
    findings.error(path, `'${entry}' has no namespace: expected namespace/host, e.g. ./* or */a.example`);
    return;
  }
  const name = namespace.startsWith('~') ? namespace.slice(1) : namespace;
  const word = name === '*' || name === '.' || namespace === '~';
  if (!word && !isDnsLabel(name))
    findings.error(path, `'${namespace}' in '${entry}' is not a namespace: expected a name, '.', '*' or '~'`);
  checkHost(entry, host, wildcardFault(host), path, findings);
}

function split(entry: string): { readonly namespace: string | null; readonly host: string } {
  const slash = entry.indexOf('/');
  if (slash < 0) return { namespace: null, host: entry };
  return { namespace: entry.slice(0, slash), host: entry.slice(slash + 1) };
}

function checkHost(entry: string, host: string, fault: string | null, path: FieldPath, findings: Findings) {
  if (fault !== null) findings.error(path, `'${entry}' is not a host: ${fault}`);
  else if (host === '*') return;
  else if (!host.includes('.'))
    findings.error(
      path,
      `'${entry}' is a short name; write the full one, e.g. ${host}.default.svc.cluster.local`,
    );
  else if (host.startsWith('*') && !host.startsWith('*.'))
    findings.error(path, `'${entry}' has a wildcard that is only a part of its first label; write *.DOMAIN`);
}
