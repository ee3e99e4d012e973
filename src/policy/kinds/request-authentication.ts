/**
 * RequestAuthentication: the shape. What it means is in `security/token`.
 * @source Istio `security/v1beta1/request_authentication.proto`, and the limits of its CRD
 */
import { z } from 'zod';
import type { RequestAuthenticationSpec } from '../../security/token/policy.js';
import { duration, strings, workloadSelector } from './common.js';
import type { KindDefinition } from './kind.js';
import { checkRequestAuthentication } from './request-authentication-checks.js';
import { targetReference } from './target-reference.js';

const jwtRule = z.strictObject({
  issuer: z.string().optional(),
  audiences: strings.optional(),
  jwksUri: z.string().optional(),
  jwks_uri: z.string().optional(),
  jwks: z.string().optional(),
  fromHeaders: z.array(z.strictObject({ name: z.string(), prefix: z.string().optional() })).optional(),
  fromParams: strings.optional(),
  fromCookies: strings.optional(),
  outputPayloadToHeader: z.string().optional(),
  outputClaimToHeaders: z.array(z.strictObject({ header: z.string(), claim: z.string() })).optional(),
  forwardOriginalToken: z.boolean().optional(),
  timeout: duration.optional(),
  spaceDelimitedClaims: strings.optional(),
  presence: z.enum(['OPTIONAL', 'REQUIRED']).optional(),
});

export const requestAuthentication: KindDefinition<RequestAuthenticationSpec> = {
  kind: 'RequestAuthentication',
  group: 'security.istio.io',
  versions: ['v1', 'v1beta1'],
  schema: z.strictObject({
    selector: workloadSelector.optional(),
    targetRef: targetReference.optional(),
    targetRefs: z.array(targetReference).optional(),
    jwtRules: z.array(jwtRule).optional(),
  }),
  check: checkRequestAuthentication,
};
