/**
 * The part of the SPIFFE Workload API that we speak, as protobuf has it: names and numbers of fields are the standard's. A value
 * instead of a `.proto` file, so that nothing has to be found on disk.
 * @source SPIFFE Workload API §5, `workload.proto` (service `SpiffeWorkloadAPI`, no package)
 */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/** Nothing is asked: the server knows who asks. */
export type X509SvidRequest = Readonly<Record<string, never>>;

export interface X509SvidMessage {
  readonly spiffe_id: string;
  /** DER certificates one after the other, leaf first. */
  readonly x509_svid: Buffer;
  /** PKCS#8 DER, unencrypted. */
  readonly x509_svid_key: Buffer;
  /** DER certificates one after the other: the roots of the SVID's trust domain. */
  readonly bundle: Buffer;
  /** Which SVID is for what, where there are several. */
  readonly hint: string;
}

export interface X509SvidResponse {
  readonly svids: readonly X509SvidMessage[];
  readonly crl: readonly Buffer[];
  /** By the SPIFFE ID of a foreign trust domain: its roots, DER one after the other. */
  readonly federated_bundles: Readonly<Record<string, Buffer>>;
}

const DESCRIPTOR = {
  nested: {
    SpiffeWorkloadAPI: {
      methods: {
        FetchX509SVID: {
          requestType: 'X509SVIDRequest',
          responseType: 'X509SVIDResponse',
          responseStream: true,
        },
      },
    },
    X509SVIDRequest: { fields: {} },
    X509SVIDResponse: {
      fields: {
        svids: { rule: 'repeated', type: 'X509SVID', id: 1 },
        crl: { rule: 'repeated', type: 'bytes', id: 2 },
        federated_bundles: { keyType: 'string', type: 'bytes', id: 3 },
      },
    },
    X509SVID: {
      fields: {
        spiffe_id: { type: 'string', id: 1 },
        x509_svid: { type: 'bytes', id: 2 },
        x509_svid_key: { type: 'bytes', id: 3 },
        bundle: { type: 'bytes', id: 4 },
        hint: { type: 'string', id: 5 },
      },
    },
  },
};

/** Its types ask for comments, and know no maps; protobuf.js itself takes both as they are here. */
const root = fromJSON(DESCRIPTOR as unknown as Parameters<typeof fromJSON>[0], {
  keepCase: true,
  defaults: true,
  arrays: true,
  objects: true,
});

/** For clients and, in tests, for servers. */
export const SpiffeWorkloadApi = root.SpiffeWorkloadAPI as unknown as ServiceDefinition & {
  readonly FetchX509SVID: MethodDefinition<X509SvidRequest, X509SvidResponse>;
};
