/**
 * VirtualService, the shape.
 * @source Istio `networking/v1alpha3/virtual_service.proto`
 */
import { z } from 'zod';
import { destination, duration, int, labels, stringMatch, strings, uint } from './common.js';
import type { KindDefinition } from './kind.js';
import { checkVirtualService } from './virtual-service-checks.js';

const percent = z.strictObject({ value: z.number().optional() });

const headerOperations = z.strictObject({
  set: z.record(z.string(), z.string()).optional(),
  add: z.record(z.string(), z.string()).optional(),
  remove: strings.optional(),
});

const headers = z.strictObject({
  request: headerOperations.optional(),
  response: headerOperations.optional(),
});

const httpMatch = z.strictObject({
  name: z.string().optional(),
  uri: stringMatch.optional(),
  scheme: stringMatch.optional(),
  method: stringMatch.optional(),
  authority: stringMatch.optional(),
  headers: z.record(z.string(), stringMatch).optional(),
  // Of these a null asks whether they are there; of `headers` it is a mistake.
  withoutHeaders: z.record(z.string(), stringMatch.default({})).optional(),
  queryParams: z.record(z.string(), stringMatch.default({})).optional(),
  port: uint.optional(),
  sourceLabels: labels.optional(),
  sourceNamespace: z.string().optional(),
  gateways: strings.optional(),
  ignoreUriCase: z.boolean().optional(),
  statPrefix: z.string().optional(),
});

const httpRoute = z.strictObject({
  name: z.string().optional(),
  // A match that is null has no conditions. @source Istio `pilot/pkg/networking/core/route/route.go` TranslateRouteMatch
  match: z.array(httpMatch.default({})).optional(),
  route: z
    .array(z.strictObject({ destination, weight: int.optional(), headers: headers.optional() }))
    .optional(),
  redirect: z
    .strictObject({
      uri: z.string().optional(),
      prefixRewrite: z.string().optional(),
      authority: z.string().optional(),
      scheme: z.string().optional(),
      port: uint.optional(),
      derivePort: z.enum(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT']).optional(),
      redirectCode: uint.optional(),
    })
    .optional(),
  directResponse: z
    .strictObject({
      status: uint,
      body: z.strictObject({ string: z.string().optional(), bytes: z.base64().optional() }).optional(),
    })
    .optional(),
  delegate: z.strictObject({ name: z.string().optional(), namespace: z.string().optional() }).optional(),
  rewrite: z
    .strictObject({
      uri: z.string().optional(),
      authority: z.string().optional(),
      uriRegexRewrite: z
        .strictObject({ match: z.string().optional(), rewrite: z.string().optional() })
        .optional(),
    })
    .optional(),
  timeout: duration.optional(),
  retries: z
    .strictObject({
      attempts: int.optional(),
      perTryTimeout: duration.optional(),
      retryOn: z.string().optional(),
      retryRemoteLocalities: z.boolean().optional(),
      retryIgnorePreviousHosts: z.boolean().optional(),
      backoff: duration.optional(),
    })
    .optional(),
  fault: z
    .strictObject({
      delay: z
        .strictObject({
          percentage: percent.optional(),
          percent: int.optional(),
          fixedDelay: duration.optional(),
          exponentialDelay: duration.optional(),
        })
        .optional(),
      abort: z
        .strictObject({
          percentage: percent.optional(),
          httpStatus: int.optional(),
          grpcStatus: z.string().optional(),
          http2Error: z.string().optional(),
        })
        .optional(),
    })
    .optional(),
  mirror: destination.optional(),
  mirrorPercentage: percent.optional(),
  mirrorPercent: uint.optional(),
  mirror_percent: uint.optional(),
  mirrors: z
    .array(z.strictObject({ destination: destination.optional(), percentage: percent.optional() }))
    .optional(),
  corsPolicy: z
    .strictObject({
      allowOrigins: z.array(stringMatch).optional(),
      allowOrigin: strings.optional(),
      allowMethods: strings.optional(),
      allowHeaders: strings.optional(),
      exposeHeaders: strings.optional(),
      maxAge: duration.optional(),
      allowCredentials: z.boolean().optional(),
      unmatchedPreflights: z.enum(['UNSPECIFIED', 'FORWARD', 'IGNORE']).optional(),
    })
    .optional(),
  headers: headers.optional(),
});

/** What a connection can be asked without a look into it. */
const connectionMatch = {
  destinationSubnets: strings.optional(),
  port: uint.optional(),
  sourceLabels: labels.optional(),
  sourceNamespace: z.string().optional(),
  gateways: strings.optional(),
};

const routeDestinations = z.array(z.strictObject({ destination, weight: int.optional() }));

const tlsRoute = z.strictObject({
  match: z.array(z.strictObject({ sniHosts: strings.optional(), ...connectionMatch })).optional(),
  route: routeDestinations.optional(),
});

const tcpRoute = z.strictObject({
  match: z.array(z.strictObject({ ...connectionMatch, sourceSubnet: z.string().optional() })).optional(),
  route: routeDestinations.optional(),
});

const schema = z.strictObject({
  hosts: strings.optional(),
  gateways: strings.optional(),
  http: z.array(httpRoute).optional(),
  tls: z.array(tlsRoute).optional(),
  tcp: z.array(tcpRoute).optional(),
  exportTo: strings.optional(),
});

export type VirtualServiceSpec = z.infer<typeof schema>;
export type HttpRouteSpec = z.infer<typeof httpRoute>;
export type HttpMatchSpec = z.infer<typeof httpMatch>;
export type HeadersSpec = z.infer<typeof headers>;
export type DelegateSpec = NonNullable<HttpRouteSpec['delegate']>;
export type TlsRouteSpec = z.infer<typeof tlsRoute>;
export type TlsMatchSpec = NonNullable<TlsRouteSpec['match']>[number];
export type TcpRouteSpec = z.infer<typeof tcpRoute>;
export type TcpMatchSpec = NonNullable<TcpRouteSpec['match']>[number];

export const virtualService: KindDefinition<VirtualServiceSpec> = {
  kind: 'VirtualService',
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  schema,
  check: checkVirtualService,
};
