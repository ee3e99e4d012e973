/** The contract of `heddle explain outbound`: what is asked, and what is answered. */
import { z } from 'zod';
import type { HeaderFields } from '../base/headers.js';
import type { FaultVerdict } from '../traffic/fault/decide.js';
import type { HeaderOperations } from '../traffic/headers/policy.js';
import type { CorsPolicy } from '../traffic/route/policy.js';

export const callSchema = z.strictObject({
  /** `tls` and `tcp`: a connection, of which only `source`, `authority`, `sni`, `destinationIp` and `random` count. */
  protocol: z.enum(['http', 'tls', 'tcp']).default('http'),
  source: z
    .strictObject({
      namespace: z.string().default('default'),
      labels: z.record(z.string(), z.string()).default({}),
      service: z.string().default(''),
      /** `ns/name` of the Gateway that the caller is. */
      gateway: z.string().nullish(),
    })
    .prefault({}),
  method: z.string().default('GET'),
  /** Says the port where the authority has none: 80, 443. TLS connections without a port go to 443. */
  scheme: z.enum(['http', 'https']).default('http'),
  authority: z.string(),
  path: z.string().default('/'),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
  /** Name that the client asks for in its TLS handshake. @default the authority's host name */
  sni: z.string().nullish(),
  /** Address that the connection goes to. @default the authority, where it is one */
  destinationIp: z.string().nullish(),
  /** Of the request's token, taken as verified; null or absent: there is none. */
  claims: z.record(z.string(), z.unknown()).nullish(),
  /** In [0, 1), used for every draw. Absent or null: nothing is drawn, only what is certain is told. */
  random: z
    .number()
    .min(0)
    .lt(1)
    .nullish()
    .transform((draw) => draw ?? undefined),
});

/** One call to explain. */
export type OutboundQuestion = z.input<typeof callSchema>;
export type OutboundCallFacts = z.output<typeof callSchema>;

export interface ExplainedCluster {
  readonly name: string;
  readonly host: string;
  readonly subset: string;
  readonly port: number;
  /** Share of the calls, as a fraction; all add up to 1. */
  readonly weight: number;
}

export interface OutboundExplanation {
  readonly outcome: 'route' | 'redirect' | 'directResponse' | 'abort' | 'noRoute' | 'blocked';
  /** `ns/name`. */
  readonly virtualService: string | null;
  readonly route: { readonly index: number; readonly name: string | null } | null;
  readonly clusters: readonly ExplainedCluster[];
  /** Name of the cluster; null if none is, or if it takes a draw and no `random` was given. */
  readonly picked: string | null;
  /** As it would go to the wire. */
  readonly request: {
    readonly method: string;
    readonly scheme: string;
    readonly authority: string;
    readonly path: string;
    readonly headers: HeaderFields;
  };
  readonly responseHeaders: Required<HeaderOperations>;
  readonly redirect: { readonly status: number; readonly location: string } | null;
  readonly directResponse: { readonly status: number; readonly body: string } | null;
  readonly fault: FaultVerdict | null;
  readonly mirrors: readonly { readonly cluster: string; readonly percentage: number }[];
  readonly timeoutMs: number | null;
  readonly retries: {
    readonly attempts: number;
    readonly perTryTimeoutMs: number | null;
    readonly on: readonly string[];
  } | null;
  readonly cors: CorsPolicy | null;
  /** For a person. */
  readonly steps: readonly string[];
}
