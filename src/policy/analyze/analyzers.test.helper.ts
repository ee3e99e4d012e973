/** Small documents, and a table of what analysis finds in them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyze, type Surroundings } from './index.js';

const VERSIONS: Readonly<Record<string, string>> = {
  VirtualService: 'networking.istio.io/v1',
  DestinationRule: 'networking.istio.io/v1',
  ServiceEntry: 'networking.istio.io/v1',
  Gateway: 'networking.istio.io/v1',
  Sidecar: 'networking.istio.io/v1',
  AuthorizationPolicy: 'security.istio.io/v1',
  PeerAuthentication: 'security.istio.io/v1',
  RequestAuthentication: 'security.istio.io/v1',
  Telemetry: 'telemetry.istio.io/v1',
  ResiliencePolicy: 'heddle.dev/v1',
  RateLimit: 'heddle.dev/v1',
  MeshConfig: 'heddle.dev/v1',
  Deployment: 'apps/v1',
};

/** `Kind name[.namespace]`, then the document's fields as YAML in flow style. */
export function doc(head: string, spec = '{}', more = ''): string {
  const [kind = '', name = ''] = head.split(' ');
  const [own, namespace = 'default'] = name.split('.');
  return `apiVersion: ${VERSIONS[kind] ?? 'v1'}\nkind: ${kind}\nmetadata: { name: ${own}, namespace: ${namespace}${more} }\nspec: ${spec}\n`;
}

export const pod = (name: string, labels: string) => doc(`Pod ${name}`, '{}', `, labels: ${labels}`);
export const service = (name: string, ports = '[{ port: 80, name: http }]', more = '') =>
  doc(`Service ${name}`, `{ ports: ${ports}${more} }`);
export const routes = (name: string, rest: string) => doc(`VirtualService ${name}`, rest);
export const to = (host: string) => `[{ destination: { host: ${host} } }]`;
export const gateway = (name: string, servers: string, selector = '{ app: gw }') =>
  doc(`Gateway ${name}`, `{ selector: ${selector}, servers: ${servers} }`);
export const server = (host: string, port = 80, more = '') =>
  `[{ port: { number: ${port}, name: http, protocol: HTTP }, hosts: ["${host}"]${more} }]`;
export const sidecar = (name: string, selector = '') =>
  doc(`Sidecar ${name}`, `{ ${selector}egress: [{ hosts: ["./*"] }] }`);
export const choosing = (labels: string) => `workloadSelector: { labels: ${labels} }, `;
export const secret = (name: string, data: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name} }\nstringData: ${data}\n`;
export const PEM = '"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----"';
export const tls = (fields: string) => `, tls: { mode: SIMPLE, ${fields} }`;

export type Case = readonly [
  what: string,
  codes: RegExp,
  documents: readonly string[],
  ...expected: string[],
];

export function found(documents: readonly string[], around?: Surroundings) {
  return analyze([{ file: 'a.yaml', text: documents.join('---\n') }], around).messages;
}

/** One test a case: of findings with its codes `level CODE Kind name path`. */
export function testCases(cases: readonly Case[]): void {
  for (const [what, codes, documents, ...expected] of cases)
    test(what, () => {
      const messages = found(documents).filter(({ code }) => codes.test(code));
      const told = messages.map(
        ({ level, code, kind, name, path }) => `${level} ${code} ${kind} ${name} ${path}`,
      );
      assert.deepEqual(told.sort(), expected.sort());
      for (const { line, column, message } of messages) {
        assert.ok(line > 1 && column >= 1);
        // What is wrong, and what to do.
        assert.match(message, /; |\. |\?$/);
      }
    });
}
