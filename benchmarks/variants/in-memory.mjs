/** `mesh.request` over a wire that answers at once, made of the very parts that `join` makes a mesh of. */

import { parseResources, prepare, ScopedPolicy } from 'heddle/policy';
import { Deadlines, ResponseBody, systemClock, systemRandom } from 'heddle/ports';
import { EVERYTHING, policyYaml } from '../harness/policy.mjs';

const dist = new URL('../../dist/', import.meta.url);
const load = (file) => import(new URL(file, dist).href);

const BODY = Buffer.alloc(200, 'x');
const PRODUCER = { pause() {}, resume() {}, abort() {} };

/** A wire that answers 200 with a small body. */
class AtOnce {
  send() {
    const body = new ResponseBody(PRODUCER);
    const headers = Object.create(null);
    headers['content-type'] = 'text/plain';
    headers['content-length'] = '200';
    body.push(BODY);
    body.end();
    return Promise.resolve({ kind: 'response', status: 200, statusText: 'OK', headers, body });
  }
  retain() {}
  async close() {}
}

/** @returns makes a call, and resolves with the text of the answer */
export async function memoryCall(features = EVERYTHING) {
  const [
    { Outbound },
    { Binder },
    { CALL_ORDER, inOrder },
    { faultFilter },
    { mirrorFilter },
    surface,
    observability,
  ] = await Promise.all([
    load('outbound/call.js'),
    load('outbound/bind.js'),
    load('outbound/order.js'),
    load('traffic/fault/index.js'),
    load('outbound/mirror.js'),
    load('adapters/undici/request.js'),
    load('observability/index.js'),
  ]);
  const clock = systemClock;
  const random = systemRandom;
  const workload = {
    namespace: 'default',
    serviceAccount: 'bench',
    service: 'bench',
    name: 'bench-1',
    labels: {},
  };
  const ambient = () => undefined;
  const telemetry = observability.openTelemetry({ clock, random, workload, ambient });
  const outbound = new Outbound({
    clock,
    random,
    deadlines: new Deadlines(clock),
    transport: new AtOnce(),
    ambient,
  });
  const binder = new Binder({
    clock,
    random,
    telemetry,
    event: () => {},
    callFilters: inOrder(CALL_ORDER, [
      telemetry.call,
      faultFilter({ faultOf: (call) => call.plan?.route?.fault ?? null, clock, random }),
      mirrorFilter(() => outbound),
    ]),
  });
  const ports = Array.from({ length: 10 }, (_, index) => 8001 + index);
  const { resources } = parseResources([
    { file: 'p.yaml', text: policyYaml({ ports, tls: true, ...features }) },
  ]);
  const prepared = prepare(
    resources.map(({ resource }) => resource),
    [],
    [],
  );
  const scope = { namespace: 'default', service: 'bench', labels: {} };
  const mesh = { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' };
  outbound.snapshot = binder.bind(new ScopedPolicy(prepared, scope, mesh).policy(1));
  const request = surface.requestOver(outbound);
  return async () => (await request('http://peer.example/small')).body.text();
}
