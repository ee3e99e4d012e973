/**
 * Istio's metric labels, so that dashboards made for Istio read ours. Pure.
 * @source istio/proxy `source/extensions/filters/http/istio_stats/istio_stats.cc`
 */
import type { Attributes } from '@opentelemetry/api';
import { parseClusterName } from '../../model/cluster.js';
import type { Endpoint } from '../../model/endpoint.js';
import { formatFlags, type ResponseFlag } from '../../model/flags.js';
import type { Workload } from '../../model/workload.js';
import { canonicalRevision, canonicalService } from '../canonical.js';

const UNKNOWN = 'unknown';

/** What is known of one side of a call. */
export interface Party {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Full SPIFFE ID; `unknown` where it was not proved. */
  readonly principal: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const UNKNOWN_PARTY: Party = {
  namespace: UNKNOWN,
  serviceAccount: UNKNOWN,
  principal: UNKNOWN,
  labels: {},
};

export function partyOfWorkload(workload: Workload): Party {
  const { namespace, serviceAccount, labels } = workload;
  return { namespace, serviceAccount, principal: UNKNOWN, labels };
}

/** Of the peer behind a SPIFFE ID in Istio's form; the namespace that was proved, not one that was claimed. */
export function partyOfPrincipal(spiffeId: string, labels: Readonly<Record<string, string>> = {}): Party {
  const match = ISTIO_ID.exec(spiffeId);
  return {
    namespace: match?.[1] ?? UNKNOWN,
    serviceAccount: match?.[2] ?? UNKNOWN,
    principal: spiffeId,
    labels,
  };
}

export function partyOfEndpoint({ spiffeId, labels }: Endpoint): Party {
  return spiffeId === undefined ? { ...UNKNOWN_PARTY, labels } : partyOfPrincipal(spiffeId, labels);
}

/**
 * The labels of one side. The workload label holds the service account: it is what certificates prove, it is the same
 * seen from either end, and unlike the name of a process it does not grow with every restart.
 */
export function partyLabels(side: 'source' | 'destination', party: Party): Attributes {
  const { labels } = party;
  return {
    [`${side}_workload`]: party.serviceAccount,
    [`${side}_workload_namespace`]: party.namespace,
    [`${side}_principal`]: party.principal,
    [`${side}_app`]: labels.app ?? UNKNOWN,
    [`${side}_version`]: labels.version ?? UNKNOWN,
    [`${side}_cluster`]: UNKNOWN,
    [`${side}_canonical_service`]: canonicalService(labels, party.serviceAccount),
    [`${side}_canonical_revision`]: canonicalRevision(labels),
  };
}

/** The service asked for, by the cluster that was picked for it. @param host FQDN, or the host as asked for */
export function serviceLabels(host: string, name: string = host.split('.', 1)[0]!): Attributes {
  const parts = host.split('.');
  return {
    destination_service: host === '' ? UNKNOWN : host,
    destination_service_name: name === '' ? UNKNOWN : name,
    destination_service_namespace: parts[2] === 'svc' ? parts[1]! : UNKNOWN,
  };
}

/** Host of a cluster's name; the name itself for clusters without one. */
export function hostOfCluster(cluster: string): string {
  return parseClusterName(cluster)?.host ?? cluster;
}

/** All samples that share everything but how the request ended. Each set of labels is built once and used again. */
export class LabelSets {
  readonly #base: Attributes;
  readonly #plain = new Map<number, Attributes>();
  readonly #others = new Map<string, Attributes>();

  constructor(base: Attributes) {
    this.#base = base;
  }

  /** @param grpcStatus the number as text; null: not gRPC */
  get(status: number, flags: ReadonlySet<ResponseFlag>, grpcStatus: string | null): Attributes {
    if (flags.size > 0 || grpcStatus !== null) return this.#other(status, formatFlags(flags), grpcStatus);
    let labels = this.#plain.get(status);
    if (labels === undefined) {
      labels = this.#build(status, '-', null);
      this.#plain.set(status, labels);
    }
    return labels;
  }

  #other(status: number, flags: string, grpcStatus: string | null): Attributes {
    const key = `${status} ${flags} ${grpcStatus}`;
    let labels = this.#others.get(key);
    if (labels === undefined) {
      labels = this.#build(status, flags, grpcStatus);
      this.#others.set(key, labels);
    }
    return labels;
  }

  #build(status: number, flags: string, grpcStatus: string | null): Attributes {
    return {
      ...this.#base,
      request_protocol: grpcStatus === null ? 'http' : 'grpc',
      response_code: String(status),
      grpc_response_status: grpcStatus ?? '',
      response_flags: flags,
    };
  }
}

export { isGrpc } from '../../model/grpc.js';

const ISTIO_ID = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/;
