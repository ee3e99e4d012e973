/**
 * AuthorizationPolicy: the shape. What it means is in `security/authorize`.
 * @source Istio `security/v1beta1/authorization_policy.proto`
 */
import { z } from 'zod';
import type { AuthorizationPolicySpec } from '../../security/authorize/policy.js';
import { checkAuthorizationPolicy } from './authorization-policy-checks.js';
import { strings, workloadSelector } from './common.js';
import type { KindDefinition } from './kind.js';
import { targetReference } from './target-reference.js';

const source = z.strictObject({
  principals: strings.optional(),
  notPrincipals: strings.optional(),
  namespaces: strings.optional(),
  notNamespaces: strings.optional(),
  serviceAccounts: strings.optional(),
  notServiceAccounts: strings.optional(),
  trustDomains: strings.optional(),
  notTrustDomains: strings.optional(),
  requestPrincipals: strings.optional(),
  notRequestPrincipals: strings.optional(),
  ipBlocks: strings.optional(),
  notIpBlocks: strings.optional(),
  remoteIpBlocks: strings.optional(),
  notRemoteIpBlocks: strings.optional(),
});

const operation = z.strictObject({
  hosts: strings.optional(),
  notHosts: strings.optional(),
  ports: strings.optional(),
  notPorts: strings.optional(),
  methods: strings.optional(),
  notMethods: strings.optional(),
  paths: strings.optional(),
  notPaths: strings.optional(),
});

const rule = z.strictObject({
  from: z.array(z.strictObject({ source: source.optional() })).optional(),
  to: z.array(z.strictObject({ operation: operation.optional() })).optional(),
  when: z
    .array(z.strictObject({ key: z.string(), values: strings.optional(), notValues: strings.optional() }))
    .optional(),
});

export const authorizationPolicy: KindDefinition<AuthorizationPolicySpec> = {
  kind: 'AuthorizationPolicy',
  group: 'security.istio.io',
  versions: ['v1', 'v1beta1'],
  schema: z.strictObject({
    selector: workloadSelector.optional(),
    targetRef: targetReference.optional(),
    targetRefs: z.array(targetReference).optional(),
    rules: z.array(rule).optional(),
    action: z.enum(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM']).optional(),
    provider: z.strictObject({ name: z.string().optional() }).optional(),
  }),
  check: checkAuthorizationPolicy,
};
