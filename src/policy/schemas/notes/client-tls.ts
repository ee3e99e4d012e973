import { type Notes, yes } from '../note.js';

/** @param path of the block */
export function clientTlsNotes(path: string): Notes {
  const notes: Notes = {
    mode: yes('left out with the whole block: mesh identity with every endpoint that registered for it'),
    clientCertificate: yes('path of a PEM file on the workload'),
    privateKey: yes('path of a PEM file on the workload'),
    caCertificates: yes("path of a PEM file on the workload; left out: the system's roots"),
    credentialName: yes(
      'a folder with tls.crt, tls.key and ca.crt in the folder `HEDDLE_CREDENTIALS_DIR` of the workload, as Kubernetes mounts secrets',
    ),
    subjectAltNames: yes('the peer must prove one of them'),
    sni: yes('sent as written; left out: none, and for the mesh a name made of port, subset and host'),
    insecureSkipVerify: yes('SIMPLE and MUTUAL only: whoever answers is believed'),
    caCrl: yes('path of a PEM file on the workload: certificates that are revoked'),
  };
  return Object.fromEntries(Object.entries(notes).map(([field, note]) => [`${path}.${field}`, note]));
}
