/** A copy of the call, fire and forget. */
export interface MirrorPolicy {
  /** Name of the cluster. */
  readonly cluster: string;
  /** 0 to 100. */
  readonly percentage: number;
}
