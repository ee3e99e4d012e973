/** Resource: one policy document. What people write and the store keeps. */
export interface Resource {
  /** e.g. `networking.istio.io/v1`. */
  readonly apiVersion: string;
  /** e.g. `VirtualService`. */
  readonly kind: string;
  readonly metadata: ResourceMetadata;
  /** As written, checked by the kind's schema. */
  readonly spec: unknown;
}

export interface ResourceMetadata {
  readonly name: string;
  /** @default 'default' */
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** RFC 3339. Older resources win conflicts; the store sets it on the first write. */
  readonly creationTimestamp?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
}

/** Where in which file a resource, or a part of it, was written. Lines and columns start at 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One finding about policy, as `heddle analyze --json` prints it. Codes are Istio's where it has one. */
export interface Message {
  readonly code: string;
  readonly level: 'error' | 'warning' | 'info';
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** What is wrong, what was expected, what to do. */
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Of the field: `spec.http[0].route[1].weight`. */
  readonly path: string;
}

/** A file of policy, as the pure functions take it. */
export interface PolicyFile {
  readonly file: string;
  readonly text: string;
}

/** From whose point of view policy is resolved. */
export interface Scope {
  readonly namespace: string;
  readonly service: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `ns/name` of the Gateway that this workload is; absent: an ordinary workload (`mesh`). */
  readonly gateway?: string;
}

/** A service that workloads registered, as the resolver sees it beside the ServiceEntries. */
export interface RegisteredService {
  /** FQDN. */
  readonly host: string;
  readonly namespace: string;
  readonly ports: readonly import('./effective.js').ServicePort[];
}
