/**
 * What an operator may say about routing, resolved: one entry for each rule and match of a VirtualService, in the order in
 * which they are tried. Conditions on the caller (labels, namespace, gateways) were applied when it was resolved.
 * @source Istio `pilot/pkg/networking/core/route/route.go`
 */
import type { FaultPolicy } from '../fault/policy.js';
import type { HeaderPolicy } from '../headers/policy.js';
import type { MirrorPolicy } from '../mirror/policy.js';
import type { RetryPolicy } from '../retry/policy.js';

/** How a string must look. `regex` is RE2 and matches the whole string. */
export type StringMatch =
  | { readonly exact: string }
  | { readonly prefix: string }
  | { readonly regex: string }
  | { readonly present: true };

export interface NamedMatch {
  /** Of the header (lower case) or query parameter. */
  readonly name: string;
  readonly match: StringMatch;
  /** Istio's `withoutHeaders`. */
  readonly invert?: true;
}

/** A claim of the request's verified token: a string, or a list of strings of which one must match. */
export interface ClaimMatch {
  /** Names from the outside in: `['group', 'id']` is `claims.group.id`. Never empty. */
  readonly path: readonly string[];
  readonly match: StringMatch;
  /** From `withoutHeaders`: holds without the claim too. */
  readonly invert?: true;
}

/** All of these must hold. An absent condition always holds. */
export interface RouteMatch {
  /** On the path without its query. */
  readonly uri?: StringMatch;
  /** For exact and prefix only. */
  readonly ignoreUriCase?: true;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  readonly headers?: readonly NamedMatch[];
  readonly queryParams?: readonly NamedMatch[];
  /** The port that the caller addressed. */
  readonly port?: number;
  /** Istio's `@request.auth.claims` headers. Without a verified token there are no claims. */
  readonly claims?: readonly ClaimMatch[];
}

export interface RouteDestination {
  /** Cluster name, `outbound|PORT|SUBSET|HOST`. A PORT of 0 stands for the port that the caller addressed. */
  readonly cluster: string;
  /** Share among the rule's destinations; they need not add up to 100. */
  readonly weight: number;
  readonly headers?: HeaderPolicy;
}

export type RouteAction =
  | {
      readonly kind: 'forward';
      readonly destinations: readonly RouteDestination[];
      /** There were several before those of weight 0 were left out: header operations keep the levels of several. */
      readonly weighted?: true;
    }
  | {
      readonly kind: 'redirect';
      readonly status: number;
      readonly uri?: string;
      readonly prefixRewrite?: string;
      readonly authority?: string;
      readonly scheme?: string;
      /** A number, or how to derive it. */
      readonly port?: number | 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT';
    }
  | { readonly kind: 'directResponse'; readonly status: number; readonly body: string };

export interface RewritePolicy {
  /** Replaces the matched prefix, or the whole path after an exact match. */
  readonly uri?: string;
  readonly uriRegex?: { readonly match: string; readonly rewrite: string };
  readonly authority?: string;
}

/** @source Envoy `cors_filter.cc` */
export interface CorsPolicy {
  readonly allowOrigins: readonly StringMatch[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number | null;
  readonly allowCredentials: boolean;
  readonly unmatchedPreflights: 'FORWARD' | 'IGNORE';
}

export interface EffectiveRoute {
  /** Place of the rule in `http[]`; below 0: it is nobody's rule. */
  readonly index: number;
  /** Name of the rule, with the match's name behind a dot if it has one. */
  readonly name: string | null;
  /** `ns/name` of the VirtualService in which the rule stands, where it is a delegate of the one that speaks. For people. */
  readonly delegate?: string;
  /** `ns/name` of the VirtualService of the rule, where it is not the one that the host names. For people. */
  readonly virtualService?: string;
  /** Absent: every request. */
  readonly match?: RouteMatch;
  readonly action: RouteAction;
  readonly rewrite?: RewritePolicy;
  readonly headers?: HeaderPolicy;
  /** null: none (Istio). */
  readonly timeoutMs: number | null;
  /** null: no retries. */
  readonly retries: RetryPolicy | null;
  readonly fault?: FaultPolicy;
  readonly mirrors?: readonly MirrorPolicy[];
  readonly cors?: CorsPolicy;
}
