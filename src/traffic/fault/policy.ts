/** Faults on purpose. Percentages are 0 to 100; one that was not given is 0: the fault never fires (Istio). */
export interface FaultPolicy {
  readonly delay?: { readonly percent: number; readonly fixedDelayMs: number };
  readonly abort?: { readonly percent: number; readonly httpStatus?: number; readonly grpcStatus?: string };
}
