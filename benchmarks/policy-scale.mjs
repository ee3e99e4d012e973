/**
 * What policy costs as a mesh grows: N services of ten endpoints, N VirtualServices and N DestinationRules, all of them seen by one
 * workload. First everything from nothing, then one changed VirtualService from its validation to the compiled host. Run after a build:
 * `node benchmarks/policy-scale.mjs [--max N] [--json]`. Progress goes to stderr.
 */
import { parseArgs } from 'node:util';
import {
  compileHost,
  parseResources,
  prepare,
  ScopedPolicy,
  validateResource,
} from '../dist/policy/index.js';

const ENDPOINTS = 10;
const CHANGES = 300;
const WARM_UP = 50;
const { values } = parseArgs({
  options: { max: { type: 'string', default: '10000' }, json: { type: 'boolean', default: false } },
});
const sizes = [10, 100, 1_000, 10_000].filter((size) => size <= Number(values.max));
const mesh = { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' };
const scope = { namespace: 'default', service: 'web', labels: { app: 'web' } };

const address = (index) => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;

/** Services are what workloads registered; no document says where endpoints are. */
function registrations(size) {
  const services = [];
  const endpoints = [];
  for (let index = 0; index < size; index += 1) {
    const host = `s${index}.default.svc.cluster.local`;
    services.push({ host, namespace: 'default', ports: [{ number: 80, name: 'http', protocol: 'HTTP' }] });
    const list = Array.from({ length: ENDPOINTS }, (_, replica) => {
      const ip = address(index * ENDPOINTS + replica);
      const labels = { app: `s${index}`, version: replica % 2 === 0 ? 'v1' : 'v2' };
      return { key: `${ip}:8080`, address: ip, port: 8080, labels, weight: 1, mtls: true };
    });
    endpoints.push({ host, ports: { 80: list } });
  }
  return { services, endpoints };
}

const virtualService = (index, weight) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: s${index}, namespace: default}
spec:
  hosts: [s${index}]
  http:
    - match: [{headers: {x-user: {exact: tester}}}]
      route: [{destination: {host: s${index}, subset: v2}}]
    - timeout: 5s
      retries: {attempts: 2, retryOn: 5xx}
      route:
        - {destination: {host: s${index}, subset: v1}, weight: ${100 - weight}}
        - {destination: {host: s${index}, subset: v2}, weight: ${weight}}
`;

const destinationRule = (index) => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: s${index}, namespace: default}
spec:
  host: s${index}
  trafficPolicy:
    connectionPool: {http: {http2MaxRequests: 1000}}
    outlierDetection: {consecutive5xxErrors: 5}
  subsets:
    - {name: v1, labels: {version: v1}}
    - {name: v2, labels: {version: v2}}
`;

function timed(work) {
  const began = process.hrtime.bigint();
  const result = work();
  return [Number(process.hrtime.bigint() - began) / 1e6, result];
}

function median(times) {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}

function must(good, what) {
  if (!good) throw new Error(`the benchmark measures nothing: ${what}`);
}

function measure(size) {
  const { services, endpoints } = registrations(size);
  const files = Array.from({ length: size }, (_, index) => ({
    file: `s${index}.yaml`,
    text: `${virtualService(index, 50)}---\n${destinationRule(index)}`,
  }));
  const [parse, parsed] = timed(() => parseResources(files));
  const [validate, messages] = timed(() => parsed.resources.flatMap(validateResource));
  must(
    parsed.resources.length === 2 * size && !messages.some(({ level }) => level === 'error'),
    'invalid policy',
  );
  const resources = parsed.resources.map(({ resource }) => resource);
  const [prepared, all] = timed(() => prepare(resources, services, endpoints));
  const scoped = new ScopedPolicy(all, scope, mesh);
  const [resolve, policy] = timed(() => scoped.policy(1));
  const [compile] = timed(() => policy.hosts.map(compileHost));
  must(policy.hosts.length === size && policy.endpoints.length === size, 'hosts are missing');
  return { size, parse, validate, prepare: prepared, resolve, compile, ...changes(size, all, scoped) };
}

/** Each change gives one service other weights. */
function changes(size, prepared, scoped) {
  const whole = [];
  const parts = { validate: [], change: [], resolve: [], compile: [] };
  let before = new Map(scoped.policy(1).hosts.map((host) => [host.host, host]));
  for (let number = 0; number < WARM_UP + CHANGES; number += 1) {
    const index = (number * 7_919) % size;
    const host = `s${index}.default.svc.cluster.local`;
    const files = [{ file: 'changed.yaml', text: virtualService(index, 1 + (number % 99)) }];
    const [parsed] = parseResources(files).resources;
    const [validate, messages] = timed(() => validateResource(parsed));
    const [change] = timed(() => prepared.change({ upsert: [parsed.resource] }));
    const [resolve, policy] = timed(() => scoped.policy(number + 2));
    const [compile, compiled] = timed(() => compileHost(scoped.host(host)));
    must(messages.length === 0 && compiled.virtualService === `default/s${index}`, 'the change is lost');
    must(policy.revision === number + 2, 'the policy is old');
    if (number % 100 === 0) before = onlyOneIsNew(before, policy, number === 0 ? 1 : 100);
    if (number < WARM_UP) continue;
    whole.push(validate + change + resolve + compile);
    for (const [name, time] of Object.entries({ validate, change, resolve, compile })) parts[name].push(time);
  }
  return {
    changed: median(whole),
    parts: Object.fromEntries(Object.entries(parts).map(([name, times]) => [name, median(times)])),
  };
}

/** Hosts that nobody changed must be the very same objects. */
function onlyOneIsNew(before, policy, most) {
  const fresh = policy.hosts.filter((host) => before.get(host.host) !== host).length;
  must(fresh >= 1 && fresh <= most, `${fresh} hosts were resolved anew`);
  return new Map(policy.hosts.map((host) => [host.host, host]));
}

// Code that was never run is slow the first time, whatever the size.
process.stderr.write('warming up\n');
measure(100);
const rows = sizes.map((size) => {
  process.stderr.write(`${size} services\n`);
  return measure(size);
});

const base = rows.find(({ size }) => size === 100) ?? rows[0];
const last = rows.at(-1);
const ratio = last.changed / base.changed;
if (values.json) console.log(JSON.stringify({ rows, ratio }));
else {
  const columns = ['parse', 'validate', 'prepare', 'resolve', 'compile'];
  const cell = (value, digits) => value.toFixed(digits).padStart(10);
  console.log(
    `From nothing, in milliseconds (${ENDPOINTS} endpoints a service; resolved for one workload that sees all)`,
  );
  console.log(`${'services'.padStart(10)}${columns.map((name) => name.padStart(10)).join('')}`);
  for (const row of rows)
    console.log(`${String(row.size).padStart(10)}${columns.map((name) => cell(row[name], 1)).join('')}`);
  const parts = ['validate', 'change', 'resolve', 'compile'];
  console.log(`\nOne changed VirtualService, in milliseconds (median of ${CHANGES})`);
  console.log(
    `${'services'.padStart(10)}${[...parts, 'together'].map((name) => name.padStart(10)).join('')}`,
  );
  for (const row of rows)
    console.log(
      `${String(row.size).padStart(10)}${parts.map((name) => cell(row.parts[name], 3)).join('')}${cell(row.changed, 3)}`,
    );
  console.log(
    `\nA change among ${last.size} services costs ${ratio.toFixed(2)} times one among ${base.size}.`,
  );
}
