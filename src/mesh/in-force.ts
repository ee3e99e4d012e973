/** Puts policy in force: the outbound and the inbound side, or neither. A bad policy never replaces a good one. */
import { bindInbound, type InboundPolicy } from '../inbound/bind.js';
import type { TelemetryPolicies } from '../observability/index.js';
import { type Binder, destinationsOf } from '../outbound/bind.js';
import type { Outbound } from '../outbound/call.js';
import type { StateEvent } from '../outbound/state.js';
import type { EffectivePolicy } from '../policy/effective.js';
import type { PolicySource } from '../policy/source.js';
import type { Transport } from '../ports/transport.js';

export interface InForceParts {
  readonly source: PolicySource;
  readonly binder: Binder;
  readonly outbound: Outbound;
  readonly inbound: InboundPolicy;
  readonly transport: Transport;
  readonly telemetry: TelemetryPolicies;
  readonly event: StateEvent;
}

export class InForce {
  readonly #parts: InForceParts;
  /** Why the newest policy was refused; null if it was not. */
  refusal: unknown = null;
  #good: EffectivePolicy | null = null;
  /** What calls go by: the good one, with the newest endpoints. */
  #bound: EffectivePolicy | null = null;

  constructor(parts: InForceParts) {
    this.#parts = parts;
  }

  /** Takes the policy over, or refuses it, and tells its source which. */
  offer(policy: EffectivePolicy | null): void {
    if (policy === null) return;
    const { source, event, outbound } = this.#parts;
    const { revision } = policy;
    const before = outbound.snapshot?.revision;
    try {
      this.#swap(policy);
      this.#good = policy;
      this.refusal = null;
    } catch (error) {
      this.refusal = error;
      const because = error instanceof Error ? error.message : String(error);
      event('policy.refused', { revision, because });
      source.report(revision, { accepted: false, because: [because] });
      // Endpoints travel with policy, but are true or not whatever becomes of it: a workload that stays on an old policy
      // must not go on calling processes that are gone.
      if (this.#good !== null) this.#swap({ ...this.#good, endpoints: policy.endpoints });
      return;
    }
    // Endpoints come and go within one revision; that is no news.
    if (revision !== before) event('policy.accepted', { revision });
    source.report(revision, { accepted: true });
  }

  /** Binds what is in force once more: names have other addresses now. */
  rebind(): void {
    if (this.#bound !== null) this.#swap(this.#bound);
  }

  /**
   * Nothing new goes over the connections that destinations of these keys have: what is under way on them may end, and others are opened.
   */
  reconnect(keys: ReadonlySet<string>): void {
    const { outbound, transport } = this.#parts;
    if (outbound.snapshot === null) return;
    const kept = [...destinationsOf(outbound.snapshot)];
    transport.retain(kept.filter(({ key }) => !keys.has(key)));
  }

  /** Everything that may fail comes before anything that changes. @throws MeshError `HEDDLE_INVALID_POLICY` */
  #swap(policy: EffectivePolicy): void {
    const { binder, outbound, inbound, transport, telemetry } = this.#parts;
    const { trustDomain, trustDomainAliases } = policy.mesh;
    const context = { trustDomain, trustDomainAliases, revision: policy.revision };
    bindInbound(policy.inbound, context);
    const swapTelemetry = telemetry.prepare(policy.telemetry, context);
    const snapshot = binder.bind(policy);
    inbound.accept(policy.inbound, context);
    outbound.snapshot = snapshot;
    this.#bound = policy;
    swapTelemetry();
    transport.retain(destinationsOf(snapshot));
  }
}
