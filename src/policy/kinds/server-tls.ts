/**
 * TLS settings of a listener, as a Gateway's server and a Sidecar's ingress have them.
 * @source Istio `networking/v1alpha3/gateway.proto` ServerTLSSettings
 */
import { z } from 'zod';
import { strings } from './common.js';

const version = z.enum(['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3']);

export const serverTls = z.strictObject({
  httpsRedirect: z.boolean().optional(),
  mode: z
    .enum(['PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'])
    .optional(),
  serverCertificate: z.string().optional(),
  privateKey: z.string().optional(),
  caCertificates: z.string().optional(),
  caCrl: z.string().optional(),
  credentialName: z.string().optional(),
  credentialNames: strings.optional(),
  caCertCredentialName: z.string().optional(),
  tlsCertificates: z
    .array(
      z.strictObject({
        serverCertificate: z.string().optional(),
        privateKey: z.string().optional(),
        caCertificates: z.string().optional(),
      }),
    )
    .optional(),
  subjectAltNames: strings.optional(),
  verifyCertificateSpki: strings.optional(),
  verifyCertificateHash: strings.optional(),
  minProtocolVersion: version.optional(),
  maxProtocolVersion: version.optional(),
  cipherSuites: strings.optional(),
  ecdhCurves: strings.optional(),
  insecureSkipVerify: z.boolean().optional(),
});

export type ServerTlsSpec = z.infer<typeof serverTls>;
