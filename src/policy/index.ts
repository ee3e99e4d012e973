/**
 * `heddle/policy`: the policy language as pure functions. Parse, validate, resolve, compile, explain; no I/O, no clock, no state, so
 * that the config service, the command line and a browser run the very same code.
 */
export {
  type Analysis,
  analyze,
  analyzeChange,
  type ChangeSurroundings,
  type KnownWorkload,
  readSuppression,
  SpecCache,
  type Suppression,
  type Surroundings,
  suppresses,
} from './analyze/index.js';
export * from './builders/index.js';
export { type CompiledHost, compileHost } from './compile.js';
export { type DecodedPolicy, decodePolicy } from './decode.js';
export type * from './effective.js';
export {
  type Difference,
  type PolicyTestReport,
  type PolicyTestResult,
  type PolicyTestSpec,
  type RunPolicyTestsOptions,
  runPolicyTests,
} from './expectations/index.js';
export {
  type ExplainInboundOptions,
  explainInbound,
  type InboundExplanation,
  type InboundQuestion,
} from './explain-inbound.js';
export { type ExplainOutboundOptions, explainOutbound } from './explain-outbound.js';
export { buildHostTable, HostTable, splitAuthority } from './host-table.js';
export { KINDS, kindOf } from './kinds/index.js';
export { type FieldPath, type Findings, formatPath, type KindDefinition } from './kinds/kind.js';
export type { ExplainedCluster, OutboundExplanation, OutboundQuestion } from './outbound-question.js';
export { type ParsedFiles, type ParsedResource, parseResources } from './parse.js';
export {
  destinationHosts,
  fullName,
  Prepared,
  prepare,
  type ResolveOptions,
  type ResourceChange,
  type ResourceName,
  resolve,
  resolvePrepared,
  ScopedPolicy,
} from './resolve/index.js';
export type * from './resource.js';
export {
  describeFields,
  type FieldDescription,
  type JsonSchema,
  kindJsonSchema,
  POLICY_TEST_FIELDS,
  policyJsonSchema,
  SCHEMA_KINDS,
} from './schemas/index.js';
export { validateResource } from './validate.js';
