/**
 * The latency of an endpoint as peak EWMA has it: one that is seen to be longer is believed at once, and what was believed fades with
 * time, but never below what was seen last. An endpoint that was slow once is so asked again after a while.
 * @source Finagle, `PeakEwma.scala`: its cost fades with each look at it, so that this is what it comes to
 */
import type { EndpointState } from './endpoint-state.js';

/** What is believed now, milliseconds; 0: nothing is known. */
export function latencyOf(endpoint: EndpointState, now: number, decayMs: number): number {
  const { latencyMs } = endpoint;
  return latencyMs === 0 ? 0 : latencyMs * Math.exp((endpoint.latencyAt - now) / decayMs);
}

/** Takes note of a latency, milliseconds. */
export function noteLatency(endpoint: EndpointState, seenMs: number, now: number, decayMs: number): void {
  endpoint.latencyMs = Math.max(seenMs, latencyOf(endpoint, now, decayMs));
  endpoint.latencyAt = now;
}
