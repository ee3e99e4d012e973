import { type Notes, no, yes } from '../note.js';

/** @param path of the block */
export function clientTlsNotes(path: string): Notes {
  const notes: Notes = {
    mode: yes('left out with the whole block: mesh identity with every endpoint that registered for it'),
    clientCertificate: yes('path of a PEM file on the workload'),
    privateKey: yes('path of a PEM file on the workload'),
    caCertificates: yes("path of a PEM file on the workload; left out: the system's roots"),
    credentialName: no('there are no Kubernetes secrets; name files'),
    subjectAltNames: yes('the peer must prove one of them'),
    sni: yes('sent as written; left out: none, and for the mesh a name made of port, subset and host'),
    insecureSkipVerify: yes('SIMPLE and MUTUAL only: whoever answers is believed'),
    caCrl: yes('path of a PEM file on the workload: certificates that are revoked'),
  };
  return Object.fromEntries(Object.entries(notes).map(([field, note]) => [`${path}.${field}`, note]));
}
