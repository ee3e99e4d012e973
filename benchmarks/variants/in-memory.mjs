/** Calls over a wire that answers at once, made of the very parts that `join` makes a mesh of. */

import { parseResources, prepare, ScopedPolicy } from 'heddle/policy';
import { Deadlines, emptyFields, ResponseBody, systemClock, systemRandom } from 'heddle/ports';
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

/** @returns `pipeline`: from the plan to the body's end; `request`: `mesh.request` and `text()`, which is that and a surface */
export async function memoryCalls(features = EVERYTHING) {
  const [
    { Outbound, runCall },
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
  const policies = new observability.TelemetryPolicies({
    workload,
    environment: () => undefined,
    format: (text) => () => text,
  });
  const telemetry = observability.openTelemetry({ clock, random, workload, ambient, policy: policies });
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
  const policy = new ScopedPolicy(prepared, scope, mesh).policy(1);
  outbound.snapshot = binder.bind(policy);
  policies.prepare(policy.telemetry, { trustDomain: mesh.trustDomain, revision: 1 })();
  const request = surface.requestOver(outbound);
  return {
    request: async () => (await request('http://peer.example/small')).body.text(),
    pipeline: async () => {
      const headers = emptyFields();
      const asked = {
        method: 'GET',
        scheme: 'http',
        authority: 'peer.example',
        path: '/small',
        headers,
        body: null,
      };
      const outcome = await runCall(outbound, outbound.begin(asked));
      if (outcome.status !== 200) throw new Error('the benchmark measures nothing');
      outcome.body.attach(SINK);
    },
  };
}

const SINK = { onData: () => true, onEnd() {}, onError() {} };
