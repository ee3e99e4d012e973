/** The clients of `node:http` and `node:https`: whatever agent they use, the mesh carries what they ask. */
import http, { type ClientRequest, type RequestOptions } from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { checkServerIdentity } from 'node:tls';
import type { Mesh } from '../mesh.js';
import type { Excludes } from './exclude.js';

type AddRequest = (this: http.Agent, request: ClientRequest, options: unknown, ...legacy: unknown[]) => void;
/** Public in all but its types. */
type Patched = http.Agent & { addRequest: AddRequest; createConnection: unknown };

/** Of those `tls.connect` takes: with them the application says itself whom it trusts, and who it is. */
const OWN_TLS = ['ca', 'cert', 'key', 'pfx', 'secureContext'] as const;

export function patchAgents(mesh: Mesh, excluded: Excludes): void {
  const ours = mesh.agent as unknown as Patched;
  const prototype = http.Agent.prototype as unknown as Patched;
  const { addRequest } = prototype;
  // Whoever opens connections its own way (a proxy, a socket of its own) means it.
  const usual = new Set([prototype.createConnection, https.Agent.prototype.createConnection]);
  prototype.addRequest = function (request, options, ...legacy) {
    const carried =
      typeof options === 'object' &&
      options !== null &&
      usual.has((this as unknown as Patched).createConnection) &&
      isCarried(this, options as RequestOptions, { mesh, excluded });
    if (carried) ours.addRequest(request, options);
    else Reflect.apply(addRequest, this, [request, options, ...legacy]);
  };
  patchWebSockets(excluded);
}

function isCarried(
  agent: http.Agent,
  options: RequestOptions,
  { mesh, excluded }: { readonly mesh: Mesh; readonly excluded: Excludes },
): boolean {
  const { options: own } = agent as unknown as { readonly options?: RequestOptions };
  // The agent's options win over the request's, as in Node.
  const all: Record<string, unknown> = { ...options, ...own };
  if (all.socketPath) return false;
  const host = String(all.host ?? all.hostname ?? 'localhost');
  const secure = agent instanceof https.Agent;
  if (excluded(host, Number(all.port ?? (secure ? 443 : 80)))) return false;
  // The mesh would have to put its own in the place of what the application says of its peer; but nobody gets past policy by it.
  return !secure || !hasOwnTls(all) || mesh.refuses(host.toLowerCase());
}

function hasOwnTls(options: Record<string, unknown>): boolean {
  const { checkServerIdentity: check = checkServerIdentity } = options;
  return (
    options.rejectUnauthorized === false ||
    check !== checkServerIdentity ||
    OWN_TLS.some((name) => options[name] !== undefined && options[name] !== null)
  );
}

/**
 * WebSocket clients (`ws`) open their connection themselves, though in the usual way, and ask no agent. They are given one.
 */
function patchWebSockets(excluded: Excludes): void {
  for (const [module, port] of [
    [http, 80],
    [https, 443],
  ] as const) {
    const { request } = module;
    const patched = (...given: unknown[]) => {
      const at = given.findIndex((one) => isPlain(one) && typeof one.createConnection === 'function');
      const options = given[at] as RequestOptions | undefined;
      if (options === undefined || options.agent || options.socketPath || !asksForWebSocket(options))
        return Reflect.apply(request, module, given);
      const host = String(options.host ?? options.hostname ?? 'localhost');
      if (excluded(host, Number(options.port ?? options.defaultPort ?? port)))
        return Reflect.apply(request, module, given);
      const { createConnection: _ownWay, ...rest } = options;
      return Reflect.apply(request, module, given.with(at, { ...rest, agent: module.globalAgent }));
    };
    Object.defineProperty(patched, 'name', { value: 'request' });
    module.request = patched as typeof request;
  }
  syncBuiltinESMExports();
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof URL);
}

function asksForWebSocket({ headers }: RequestOptions): boolean {
  if (headers === undefined || Array.isArray(headers)) return false;
  return Object.entries(headers).some(
    ([name, value]) => name.toLowerCase() === 'upgrade' && String(value).toLowerCase() === 'websocket',
  );
}
