/**
 * Client TLS of a DestinationRule against Istio's own validation.
 * @source Istio `pkg/config/validation/agent/validation_test.go` TestValidateTLS, `validation_test.go` TestValidateDestinationRule
 */
import { table } from './table.test.helper.js';

table(
  'DestinationRule',
  [
    ['valid', 'SIMPLE with a root', '{ mode: SIMPLE, caCertificates: r, subjectAltNames: [a] }'],
    [
      'valid',
      'SIMPLE with a root, verified',
      '{ mode: SIMPLE, caCertificates: r, subjectAltNames: [a], insecureSkipVerify: false }',
    ],
    [
      'invalid',
      'SIMPLE with a root, not verified',
      '{ mode: SIMPLE, caCertificates: r, insecureSkipVerify: true }',
    ],
    [
      'invalid',
      'SIMPLE with names, not verified',
      '{ mode: SIMPLE, subjectAltNames: [a], insecureSkipVerify: true }',
    ],
    [
      'invalid',
      'SIMPLE with a secret, not verified',
      '{ mode: SIMPLE, credentialName: c, insecureSkipVerify: true }',
    ],
    [
      'invalid',
      'SIMPLE with a secret and a certificate',
      '{ mode: SIMPLE, credentialName: c, clientCertificate: c }',
    ],
    ['invalid', 'SIMPLE with a secret and a key', '{ mode: SIMPLE, credentialName: c, privateKey: k }'],
    ['invalid', 'SIMPLE with a secret and a root', '{ mode: SIMPLE, credentialName: c, caCertificates: r }'],
    [
      'valid',
      'MUTUAL with files',
      '{ mode: MUTUAL, clientCertificate: c, privateKey: k, caCertificates: r, subjectAltNames: [a] }',
    ],
    [
      'valid',
      'MUTUAL with files, verified',
      '{ mode: MUTUAL, clientCertificate: c, privateKey: k, caCertificates: r, insecureSkipVerify: false }',
    ],
    [
      'invalid',
      'MUTUAL with a root, not verified',
      '{ mode: MUTUAL, clientCertificate: c, privateKey: k, caCertificates: r, insecureSkipVerify: true }',
    ],
    [
      'valid',
      'MUTUAL without a root, not verified',
      '{ mode: MUTUAL, clientCertificate: c, privateKey: k, insecureSkipVerify: true }',
    ],
    [
      'invalid',
      'MUTUAL with names, not verified',
      '{ mode: MUTUAL, clientCertificate: c, privateKey: k, subjectAltNames: [a], insecureSkipVerify: true }',
    ],
    ['valid', 'MUTUAL with certificate and key', '{ mode: MUTUAL, clientCertificate: c, privateKey: k }'],
    ['invalid', 'MUTUAL without a key', '{ mode: MUTUAL, clientCertificate: c, privateKey: "" }'],
    ['invalid', 'MUTUAL without a certificate', '{ mode: MUTUAL, privateKey: k }'],
    [
      'invalid',
      'MUTUAL with a secret and a certificate',
      '{ mode: MUTUAL, credentialName: c, clientCertificate: c }',
    ],
    ['invalid', 'MUTUAL with a secret and a key', '{ mode: MUTUAL, credentialName: c, privateKey: k }'],
    ['invalid', 'MUTUAL with a secret and a root', '{ mode: MUTUAL, credentialName: c, caCertificates: r }'],
    [
      'invalid',
      'MUTUAL with a secret and a list of the revoked',
      '{ mode: MUTUAL, credentialName: c, caCrl: l }',
    ],
    ['valid', 'ISTIO_MUTUAL with a root', '{ mode: ISTIO_MUTUAL, caCertificates: r }'],
    ['valid', 'SIMPLE with a secret', '{ mode: SIMPLE, credentialName: c, subjectAltNames: [a] }'],
    ['valid', 'MUTUAL with a secret', '{ mode: MUTUAL, credentialName: c, subjectAltNames: [a] }'],
    [
      'valid',
      'MUTUAL with a secret, not verified',
      '{ mode: MUTUAL, credentialName: c, insecureSkipVerify: true }',
    ],
    ['valid', 'SIMPLE with a list of the revoked', '{ mode: SIMPLE, caCertificates: r, caCrl: l }'],
    [
      'valid',
      "SIMPLE with a map of the rule's own namespace",
      '{ mode: SIMPLE, credentialName: configmap://ns5/c }',
    ],
    [
      'invalid',
      'SIMPLE with a map of another namespace',
      '{ mode: SIMPLE, credentialName: configmap://ns1/c }',
    ],
    ['invalid', 'SIMPLE with a map of no namespace', '{ mode: SIMPLE, credentialName: configmap://c }'],
    ['invalid', 'a mode that does not exist', '{ mode: STRICT }'],
  ],
  (tls) => `{ host: reviews, trafficPolicy: { tls: ${tls} } }`,
);
