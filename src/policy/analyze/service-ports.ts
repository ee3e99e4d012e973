/**
 * IST0118: the name of a Service's port does not say its protocol. IST0150: the same of a Service that stands for an external name, where
 * `tcp` alone is wrong, too.
 * @source Istio `pkg/config/analysis/analyzers/service/portname.go`, `pkg/config/kube/conversion.go` ConvertProtocol
 */
import type { Analyzer } from './world.js';

const PROTOCOLS: ReadonlySet<string> = new Set([
  'tcp',
  'udp',
  'grpc',
  'grpc-web',
  'http',
  'http_proxy',
  'http2',
  'https',
  'tls',
  'mongo',
  'redis',
  'mysql',
  'hbone',
  'doublehbone',
]);
const APP_PROTOCOLS: ReadonlySet<string> = new Set([
  'kubernetes.io/h2c',
  'kubernetes.io/ws',
  'kubernetes.io/wss',
]);
/** Mail, DNS, MySQL, MongoDB: known by their numbers. */
const TCP_PORTS: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);
/** Services that a controller made for a gateway. */
const MANAGED: ReadonlySet<string> = new Set([
  'istio.io-gateway-controller',
  'istio.io-mesh-controller',
  'istio.io-eastwest-controller',
]);

/** Kubernetes' own namespaces: their Services are not the user's. @source Istio `pkg/config/analysis/local`, constants.SystemNamespaces */
const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set([
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'local-path-storage',
]);

export const servicePorts: Analyzer = ({ plainServices }, report) => {
  for (const subject of plainServices.asked) {
    if (SYSTEM_NAMESPACES.has(subject.metadata.namespace)) continue;
    const labels = subject.metadata.labels ?? {};
    if (Object.hasOwn(labels, 'istio') || labels.release === 'istio') continue;
    if (MANAGED.has(labels['gateway.istio.io/managed'] ?? '')) continue;
    const external = subject.spec.type === 'ExternalName';
    for (const [index, port] of (subject.spec.ports ?? []).entries()) {
      const { name = '', appProtocol, protocol } = port;
      const said = protocol === 'UDP' || saysProtocol(appProtocol ?? name, port.port);
      if (said && !(external && name === 'tcp')) continue;
      report(subject, {
        code: external ? 'IST0150' : 'IST0118',
        level: external ? 'warning' : 'info',
        path: ['spec', 'ports', index, name === '' ? 'port' : 'name'],
        message: `the name of port ${port.port} ('${name}') does not say its protocol; name it <protocol>[-<suffix>], e.g. http-web, or set appProtocol`,
      });
    }
  }
};

function saysProtocol(text: string, port: number): boolean {
  const lower = text.toLowerCase();
  if (APP_PROTOCOLS.has(text) || lower.startsWith('grpc-web')) return true;
  return PROTOCOLS.has(lower.split('-', 1)[0]!) || TCP_PORTS.has(port);
}
