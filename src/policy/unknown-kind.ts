/** What to say of a document whose kind is none of ours: a slip of the pen, something of Kubernetes, or something that is to come. */
import { joinVersion, KINDS, kindOf } from './kinds/index.js';
import { nearest } from './nearest.js';
import type { Message } from './resource.js';

/** Groups whose resources belong to Kubernetes; a folder of Istio's samples holds many. */
const KUBERNETES = /^(v1|(apps|batch|autoscaling|policy|extensions|[a-z.]+\.k8s\.io)\/v\d[a-z0-9]*)$/;

/** What Istio has and Heddle has not. */
const NOT_YET = ['ProxyConfig', 'EnvoyFilter', 'WasmPlugin', 'TrafficExtension'];

/** null: the kind is known. */
export function unknownKind(apiVersion: string, kind: string): Pick<Message, 'level' | 'message'> | null {
  if (kindOf(apiVersion, kind) !== undefined) return null;
  const sameName = KINDS.find((known) => known.kind === kind);
  if (sameName !== undefined && !KUBERNETES.test(apiVersion)) {
    const versions = sameName.versions.map((version) => joinVersion(sameName.group, version)).join(', ');
    return { level: 'error', message: `${kind} is not part of '${apiVersion}': expected ${versions}` };
  }
  if (KUBERNETES.test(apiVersion))
    return { level: 'info', message: `${apiVersion} ${kind} is not policy; Heddle leaves it to Kubernetes` };
  if (NOT_YET.includes(kind) && /^(networking|telemetry|extensions|security)\.istio\.io\//.test(apiVersion))
    return {
      level: 'error',
      message: `Heddle does not do ${kind} yet; take it out, nothing is accepted and ignored`,
    };
  const near = nearest(
    kind,
    KINDS.map((known) => known.kind),
  );
  const hint =
    near === undefined
      ? `known kinds: ${KINDS.map((known) => known.kind).join(', ')}`
      : `did you mean ${near}?`;
  return { level: 'error', message: `${apiVersion} ${kind} is not a kind that Heddle knows; ${hint}` };
}
