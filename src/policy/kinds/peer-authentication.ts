/**
 * PeerAuthentication: shape and checks.
 * @source Istio `security/v1beta1/peer_authentication.proto`; spec validation.md §7
 */
import { z } from 'zod';
import type { PeerAuthenticationSpec } from '../../security/mtls/policy.js';
import { checkSelectorLabels, workloadSelector } from './common.js';
import type { Findings, KindDefinition } from './kind.js';

const mutualTls = z.strictObject({
  mode: z.enum(['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT']).optional(),
});

export const peerAuthentication: KindDefinition<PeerAuthenticationSpec> = {
  kind: 'PeerAuthentication',
  group: 'security.istio.io',
  versions: ['v1', 'v1beta1'],
  schema: z.strictObject({
    selector: workloadSelector.optional(),
    mtls: mutualTls.optional(),
    portLevelMtls: z.record(z.string(), mutualTls).optional(),
  }),
  check(spec, findings) {
    checkSelectorLabels(spec.selector?.matchLabels, ['spec', 'selector', 'matchLabels'], findings);
    const selects = Object.keys(spec.selector?.matchLabels ?? {}).length > 0;
    if (spec.selector !== undefined && !selects)
      findings.warning(['spec', 'selector'], 'no labels: this applies to the whole namespace; leave it out');
    if (spec.portLevelMtls !== undefined) checkPorts(spec.portLevelMtls, selects, findings);
  },
};

function checkPorts(ports: Readonly<Record<string, unknown>>, selects: boolean, findings: Findings): void {
  const path = ['spec', 'portLevelMtls'];
  const keys = Object.keys(ports);
  if (keys.length === 0) findings.error(path, 'no ports: name at least one, or leave it out');
  if (!selects)
    findings.error(path, "only a workload has ports: 'portLevelMtls' needs a 'selector' with 'matchLabels'");
  for (const key of keys) {
    const port = /^[1-9]\d{0,4}$/.test(key) ? Number(key) : 0;
    if (port < 1 || port > 65_535)
      findings.error(
        [...path, key],
        `'${key}' is not a port: expected 1 to 65535, as the workload listens on it`,
      );
  }
}
