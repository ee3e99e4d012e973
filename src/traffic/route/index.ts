/** Routing: which route a request takes, where it goes, and what changes on the way. */
export {
  CompiledDestination,
  CompiledRoute,
  compileRouteTable,
  type ForwardVerdict,
  type RouteTable,
} from './compile.js';
export { CompiledCors, type CorsVerdict, decideCors } from './cors.js';
export { conclude, decideRoute, type RouteTrace, type RouteVerdict } from './decide.js';
export { Condition } from './match.js';
export { describeMismatch } from './mismatch.js';
export type * from './policy.js';
export {
  compilePattern,
  type FullMatcher,
  MAX_PATTERN_LENGTH,
  MAX_SUBJECT_LENGTH,
  type PatternFault,
  patternFault,
} from './regex.js';
export { pathOnly, queryParameter, type RequestFacts } from './request-parts.js';
export { type RewritableRequest, regexRewriteFault, rewriteRequest } from './rewrite.js';
export { StringMatcher } from './string-matcher.js';
