/** Builders of the networking kinds: plain resources, to be written as YAML or applied. They check types; `analyze` checks the rest. */
import type { Resource } from '../resource.js';
import { build, buildLabelled, type LabelledMetadata, type NamedMetadata } from './build.js';
import type {
  DestinationRuleSpec,
  GatewaySpec,
  ServiceEntrySpec,
  ServiceSpec,
  SidecarSpec,
  VirtualServiceSpec,
  WorkloadEntrySpec,
  WorkloadGroupSpec,
} from './specs/index.js';

/** How calls to hosts are routed, split, rewritten, retried, delayed and mirrored. */
export function virtualService(of: LabelledMetadata & VirtualServiceSpec): Resource {
  return buildLabelled('VirtualService', of);
}

/** What holds for calls to a host once it is chosen: subsets, load balancing, limits, outlier detection, TLS. */
export function destinationRule(of: LabelledMetadata & DestinationRuleSpec): Resource {
  return buildLabelled('DestinationRule', of);
}

/** A service that no workload registers for, in the mesh or outside. */
export function serviceEntry(of: LabelledMetadata & ServiceEntrySpec): Resource {
  return buildLabelled('ServiceEntry', of);
}

/** One endpoint that does not register by itself. `labels` are those of the endpoint. */
export function workloadEntry(of: NamedMetadata & WorkloadEntrySpec): Resource {
  return build('WorkloadEntry', of);
}

/** What the WorkloadEntries of many alike workloads have in common. */
export function workloadGroup(of: LabelledMetadata & WorkloadGroupSpec): Resource {
  return buildLabelled('WorkloadGroup', of);
}

/** What a gateway of the mesh listens on, and for which hosts. */
export function gateway(of: LabelledMetadata & GatewaySpec): Resource {
  return buildLabelled('Gateway', of);
}

/** What a workload sees of the mesh, and how it may leave it. */
export function sidecar(of: LabelledMetadata & SidecarSpec): Resource {
  return buildLabelled('Sidecar', of);
}

/** Kubernetes' plain Service: a name in the mesh, and its ports. */
export function service(of: LabelledMetadata & ServiceSpec): Resource {
  return buildLabelled('Service', of);
}
