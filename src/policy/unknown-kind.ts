/** What to say of a document whose kind is none of ours: a slip of the pen, something of Kubernetes, or something for a proxy. */
import { TEST_API_VERSION, TEST_KIND } from './expectations/schema.js';
import { joinVersion, KINDS, kindOf } from './kinds/index.js';
import { nearest } from './nearest.js';
import type { Message } from './resource.js';

/** Groups whose resources belong to Kubernetes; a folder of Istio's samples holds many. */
const KUBERNETES = /^(v1|(apps|batch|autoscaling|policy|extensions|[a-z.]+\.k8s\.io)\/v\d[a-z0-9]*)$/;

/** Kinds of Istio that only make sense where there is a proxy, and what to do in their place. */
const OF_PROXIES: Readonly<Record<string, string>> = {
  'networking.istio.io EnvoyFilter':
    "Heddle has no EnvoyFilter: it changes the configuration of Envoy, and there is no Envoy in a process. Write what it does in Istio's other kinds or in Heddle's own, or in the program",
  'networking.istio.io ProxyConfig':
    'Heddle has no ProxyConfig: concurrency, environment and image are those of a proxy, and there is none. Set them where the process is started',
  'extensions.istio.io WasmPlugin':
    'Heddle has no WasmPlugin: it runs WebAssembly in a proxy, and there is none. Do in the program what the plug-in does, before or after a call',
  'extensions.istio.io TrafficExtension':
    'Heddle has no TrafficExtension: it runs WebAssembly or Lua in a proxy, and there is none. Do in the program what the extension does, before or after a call',
};

/** null: the kind is known. Codes: `HDL0002`, `HDL0003` left to Kubernetes, or a policy test, `HDL0007` Istio has it and Heddle does not do it. */
export function unknownKind(
  apiVersion: string,
  kind: string,
): Pick<Message, 'level' | 'code' | 'message'> | null {
  if (kindOf(apiVersion, kind) !== undefined) return null;
  if (apiVersion === TEST_API_VERSION && kind === TEST_KIND)
    return {
      level: 'info',
      code: 'HDL0003',
      message: 'a policy test is not policy; `heddle test` runs it',
    };
  const sameName = KINDS.find((known) => known.kind === kind);
  if (sameName !== undefined && !KUBERNETES.test(apiVersion)) {
    const versions = sameName.versions.map((version) => joinVersion(sameName.group, version)).join(', ');
    return wrong(`${kind} is not part of '${apiVersion}': expected ${versions}`);
  }
  if (KUBERNETES.test(apiVersion))
    return {
      level: 'info',
      code: 'HDL0003',
      message: `${apiVersion} ${kind} is not policy; Heddle leaves it to Kubernetes`,
    };
  const ofProxies = `${apiVersion.split('/', 1)[0]} ${kind}`;
  if (Object.hasOwn(OF_PROXIES, ofProxies))
    return { level: 'error', code: 'HDL0007', message: OF_PROXIES[ofProxies]! };
  const near = nearest(kind, [...KINDS.map((known) => known.kind), TEST_KIND]);
  const hint =
    near === undefined
      ? `known kinds: ${KINDS.map((known) => known.kind).join(', ')}`
      : `did you mean ${near}?`;
  return wrong(`${apiVersion} ${kind} is not a kind that Heddle knows; ${hint}`);
}

function wrong(message: string): Pick<Message, 'level' | 'code' | 'message'> {
  return { level: 'error', code: 'HDL0002', message };
}
