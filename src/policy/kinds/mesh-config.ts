/**
 * MeshConfig (`heddle.dev/v1`): of Istio's mesh configuration, which there is no resource but a file of the installation, the part that
 * policies name: whom CUSTOM asks. It holds for the whole mesh, in the root namespace only.
 * @source Istio `mesh/v1alpha1/config.proto` MeshConfig.ExtensionProvider; `agent/extensionprovider.go`
 */
import { z } from 'zod';
import { isIp } from './addresses.js';
import {
  checkDuration,
  checkPort,
  duration,
  isDnsLabel,
  isToken,
  strings,
  uint,
  wildcardFault,
} from './common.js';
import type { FieldPath, Findings, KindDefinition } from './kind.js';

const http = z.strictObject({
  service: z.string(),
  port: uint,
  timeout: duration.optional(),
  pathPrefix: z.string().optional(),
  failOpen: z.boolean().optional(),
  statusOnError: z.string().optional(),
  includeHeadersInCheck: strings.optional(),
  includeRequestHeadersInCheck: strings.optional(),
  includeAdditionalHeadersInCheck: z.record(z.string(), z.string()).optional(),
  includeRequestBodyInCheck: z
    .strictObject({
      maxRequestBytes: uint.optional(),
      allowPartialMessage: z.boolean().optional(),
      packAsBytes: z.boolean().optional(),
    })
    .optional(),
  headersToUpstreamOnAllow: strings.optional(),
  headersToDownstreamOnDeny: strings.optional(),
  headersToDownstreamOnAllow: strings.optional(),
});
type HttpSpec = z.infer<typeof http>;

const provider = z.strictObject({
  name: z.string(),
  envoyExtAuthzHttp: http.optional(),
  envoyExtAuthzGrpc: z.record(z.string(), z.unknown()).optional(),
});

const schema = z.strictObject({ extensionProviders: z.array(provider).optional() });

export type MeshConfigSpec = z.infer<typeof schema>;

const MOST_PROVIDERS = 100;
/** As much of a body as one process should hold for somebody else to look at. */
const MOST_BODY_BYTES = 16 * 1024 * 1024;

export const meshConfig: KindDefinition<MeshConfigSpec> = {
  kind: 'MeshConfig',
  group: 'heddle.dev',
  versions: ['v1'],
  schema,
  check({ extensionProviders = [] }, findings) {
    const path = ['spec', 'extensionProviders'];
    if (extensionProviders.length > MOST_PROVIDERS)
      findings.error(path, `${extensionProviders.length} providers: expected ${MOST_PROVIDERS} at most`);
    const names = new Set<string>();
    for (const [index, { name, envoyExtAuthzHttp, envoyExtAuthzGrpc }] of extensionProviders.entries()) {
      const at = [...path, index];
      if (!isDnsLabel(name) || /[A-Z]/.test(name))
        findings.error(
          [...at, 'name'],
          `'${name}' is not a name: expected a-z, 0-9 and -, 63 characters at most`,
        );
      if (names.has(name)) findings.error([...at, 'name'], `'${name}' is taken by an earlier provider`);
      names.add(name);
      if (envoyExtAuthzGrpc !== undefined)
        findings.unsupported(
          [...at, 'envoyExtAuthzGrpc'],
          "Heddle asks external authorizers over HTTP only; most speak both: use 'envoyExtAuthzHttp'",
        );
      else if (envoyExtAuthzHttp === undefined)
        findings.error(at, "it says nothing: expected 'envoyExtAuthzHttp'");
      if (envoyExtAuthzHttp !== undefined)
        checkHttp(envoyExtAuthzHttp, [...at, 'envoyExtAuthzHttp'], findings);
    }
  },
};

const LISTS = [
  'includeHeadersInCheck',
  'includeRequestHeadersInCheck',
  'headersToUpstreamOnAllow',
  'headersToDownstreamOnDeny',
  'headersToDownstreamOnAllow',
] as const;

function checkHttp(spec: HttpSpec, path: FieldPath, findings: Findings): void {
  checkService(spec.service, [...path, 'service'], findings);
  checkPort(spec.port, [...path, 'port'], findings);
  checkDuration(spec.timeout, [...path, 'timeout'], findings);
  const { pathPrefix = '', statusOnError = '', includeRequestBodyInCheck: body } = spec;
  if (pathPrefix !== '' && !/^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/.test(pathPrefix))
    findings.error(
      [...path, 'pathPrefix'],
      `'${pathPrefix}' is not the start of a path: it begins with /, and has no ? and no #`,
    );
  if (statusOnError !== '' && !/^[2-5]\d\d$/.test(statusOnError))
    findings.error(
      [...path, 'statusOnError'],
      `'${statusOnError}' is not an HTTP status: expected 200 to 599`,
    );
  for (const list of LISTS)
    for (const [index, name] of (spec[list] ?? []).entries())
      checkPattern(name, [...path, list, index], findings);
  for (const [name, value] of Object.entries(spec.includeAdditionalHeadersInCheck ?? {})) {
    const at = [...path, 'includeAdditionalHeadersInCheck', name];
    if (!isToken(name)) findings.error(at, `'${name}' is not the name of a header`);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) findings.error(at, 'the value holds what no header can');
  }
  if (body === undefined) return;
  const { maxRequestBytes = 0 } = body;
  const at = [...path, 'includeRequestBodyInCheck', 'maxRequestBytes'];
  if (maxRequestBytes === 0)
    findings.error(at, 'how much of a body is sent must be said, and be more than 0 bytes');
  if (maxRequestBytes > MOST_BODY_BYTES)
    findings.unsupported(
      at,
      `${maxRequestBytes} bytes of every request would be held here: expected ${MOST_BODY_BYTES} at most`,
    );
}

/** @source Istio `validateExtensionProviderService` */
function checkService(service: string, path: FieldPath, findings: Findings): void {
  const [namespace, host, ...more] = service.includes('/') ? service.split('/') : [null, service];
  if (more.length > 0 || (namespace !== null && !isDnsLabel(namespace!)))
    findings.error(path, `'${service}' is not a service: expected HOST or NAMESPACE/HOST`);
  const fault = isIp(host!) ? null : host!.includes('*') ? 'it has a wildcard' : wildcardFault(host!);
  if (fault !== null) findings.error(path, `'${host}' is not a host: ${fault}`);
  else if (!host!.includes('.') && !isIp(host!))
    findings.error(
      path,
      `'${host}' is a short name; write the full one, e.g. ${host}.default.svc.cluster.local`,
    );
}

/** The name of a header, or its beginning or end with a `*`. @source Istio `buildExtAuthzHTTP` */
function checkPattern(name: string, path: FieldPath, findings: Findings): void {
  if (name === '*')
    findings.error(path, "'*' would be every header; write a prefix such as x-ext-*, or names");
  else if (!isToken(name.replace(/^\*|\*$/, '')))
    findings.error(path, `'${name}' is not the name of a header, nor its beginning or end with a '*'`);
}
