/**
 * RequestAuthentication: the shape, so that mistakes in it are found, and a refusal. A policy on tokens that nobody enforces would be
 * worse than none.
 * @source Istio `security/v1beta1/request_authentication.proto`
 */
import { z } from 'zod';
import { duration, strings, workloadSelector } from './common.js';
import type { KindDefinition } from './kind.js';
import { targetReference } from './target-reference.js';

const jwtRule = z.strictObject({
  issuer: z.string().optional(),
  audiences: strings.optional(),
  jwksUri: z.string().optional(),
  jwks: z.string().optional(),
  fromHeaders: z.array(z.strictObject({ name: z.string(), prefix: z.string().optional() })).optional(),
  fromParams: strings.optional(),
  fromCookies: strings.optional(),
  outputPayloadToHeader: z.string().optional(),
  outputClaimToHeaders: z.array(z.strictObject({ header: z.string(), claim: z.string() })).optional(),
  forwardOriginalToken: z.boolean().optional(),
  timeout: duration.optional(),
  spaceDelimitedClaims: strings.optional(),
});

const schema = z.strictObject({
  selector: workloadSelector.optional(),
  targetRef: targetReference.optional(),
  targetRefs: z.array(targetReference).optional(),
  jwtRules: z.array(jwtRule).optional(),
});

export const requestAuthentication: KindDefinition<z.infer<typeof schema>> = {
  kind: 'RequestAuthentication',
  group: 'security.istio.io',
  versions: ['v1', 'v1beta1'],
  schema,
  check(_spec, findings) {
    findings.error(
      ['spec'],
      'Heddle does not check tokens yet, so this policy would protect nothing; take it out and check tokens in the service',
    );
  },
};
