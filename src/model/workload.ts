/** One running process with an identity, as it describes itself and as policy selects it. */
export interface Workload {
  /** Kubernetes-style namespace. @default 'default' */
  readonly namespace: string;
  /** Service account; with the namespace it makes the SPIFFE ID. */
  readonly serviceAccount: string;
  /** Short name of the service it serves, e.g. `reviews`; empty for a pure client. */
  readonly service: string;
  /** Name of this process among its kind, for people; unique by convention. */
  readonly name: string;
  /** What selectors and subsets look at, e.g. `{ app: 'reviews', version: 'v1' }`. */
  readonly labels: Readonly<Record<string, string>>;
  /** `region/zone/subzone`. */
  readonly locality?: string;
}
