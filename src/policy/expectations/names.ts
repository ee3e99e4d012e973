/** Short names of a test, in full. */
import type { InboundQuestion } from '../explain-inbound.js';
import type { OutboundQuestion } from '../outbound-question.js';
import type { CallCase, ExchangeCase, TargetSpec } from './schema.js';

/** `shop/productpage` or `productpage`, which is of the test's own namespace. */
export function splitName(text: string, namespace: string): { namespace: string; name: string } {
  const slash = text.indexOf('/');
  return slash < 0
    ? { namespace, name: text }
    : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** As a workload's settings have it: `app` is the service unless given. */
function labelsOf(service: string, labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...(service !== '' && { app: service }), ...labels };
}

export function questionOf(call: CallCase['call'], namespace: string): OutboundQuestion {
  const { from: caller = {}, url, ...rest } = call;
  const from = typeof caller === 'string' ? serviceNamed(caller, namespace) : caller;
  const { service = '', gateway } = from;
  const [, scheme = 'http', authority = '', path = ''] = /^(?:(https?):\/\/)?([^/?]+)(.*)$/.exec(url) ?? [];
  return {
    ...rest,
    source: {
      namespace: from.namespace ?? namespace,
      service,
      labels: labelsOf(service, from.labels),
      ...(gateway !== undefined && { gateway }),
    },
    scheme: scheme === 'https' ? 'https' : 'http',
    authority,
    path: path.startsWith('/') ? path : `/${path}`,
  };
}

function serviceNamed(
  text: string,
  namespace: string,
): Exclude<CallCase['call']['from'], string | undefined> {
  const named = splitName(text, namespace);
  return { service: named.name, namespace: named.namespace };
}

/** @returns null if no port is named anywhere */
export function exchangeOf(
  { to, from, ip, port, ...rest }: ExchangeCase['exchange'],
  namespace: string,
  trustDomain: string,
): InboundQuestion | null {
  const [, name = '', named] = /^(.*?)(?::(\d{1,5}))?$/.exec(typeof to === 'string' ? to : '') ?? [];
  const split = splitName(name, namespace);
  const parts = typeof to === 'string' ? { service: split.name, namespace: split.namespace } : to;
  const workload = { labels: {}, ...parts };
  const { service = '' } = workload;
  const number = port ?? (named === undefined ? undefined : Number(named));
  if (number === undefined) return null;
  const principal = from === undefined ? null : principalOf(from, namespace, trustDomain);
  return {
    authority: service === '' ? '' : `${service}:${number}`,
    ...rest,
    workload: {
      service,
      namespace: workload.namespace ?? namespace,
      labels: labelsOf(service, workload.labels),
    },
    port: number,
    peer: { principal, ip: ip ?? '' },
  };
}

/** @example principalOf('shop/cart', 'default', 'cluster.local'); // => 'cluster.local/ns/shop/sa/cart' */
export function principalOf(text: string, namespace: string, trustDomain: string): string {
  const bare = text.replace(/^spiffe:\/\//, '');
  if (bare !== text || bare.split('/').length > 2) return bare;
  const { namespace: of, name } = splitName(bare, namespace);
  return `${trustDomain}/ns/${of}/sa/${name}`;
}

export interface Target {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly subset?: string | undefined;
}

/** `reviews:9080 v2`, each part but the host optional. */
export function targetOf(spec: TargetSpec): Target {
  if (typeof spec !== 'string') return spec;
  const [address = '', subset] = spec.trim().split(/\s+/);
  const [, host = address, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(address) ?? [];
  return { host, ...(port !== undefined && { port: Number(port) }), ...(subset !== undefined && { subset }) };
}

/** A cluster's host under any of the names by which people call it. */
export function sameHost(wanted: string, host: string, namespace: string): boolean {
  const name = wanted.toLowerCase();
  return [
    name,
    `${name}.${namespace}.svc.cluster.local`,
    `${name}.svc.cluster.local`,
    `${name}.cluster.local`,
  ].includes(host);
}

/** As short as it is still clear. */
export function shortHost(host: string, namespace: string): string {
  return host.replace(`.${namespace}.svc.cluster.local`, '').replace(/\.svc\.cluster\.local$/, '');
}
