/**
 * `heddle analyze`: is this policy right, one resource by itself and all of them together? Adding a check is adding a file and a line
 * here.
 */
import { readPolicyTests } from '../expectations/read.js';
import { messageAt } from '../message-at.js';
import { parseResources } from '../parse.js';
import type { Message, PolicyFile, Resource } from '../resource.js';
import { plainMessage } from '../source.js';
import { validateResource } from '../validate.js';
import { addresslessPorts } from './addressless-ports.js';
import { ambientSidecars } from './ambient-sidecars.js';
import { authenticationScopes } from './authentication-scopes.js';
import { boundGateways } from './bound-gateways.js';
import { claimRoutes } from './claim-routes.js';
import { conflictingGateways } from './conflicting-gateways.js';
import { conflictingHosts } from './conflicting-hosts.js';
import { conflictingProtocols } from './conflicting-protocols.js';
import { customProviders } from './custom-providers.js';
import { delegates } from './delegates.js';
import { deploymentServices } from './deployment-services.js';
import { deprecatedFields } from './deprecated-fields.js';
import { destinationPorts } from './destination-ports.js';
import { destinationRuleHosts } from './destination-rule-hosts.js';
import { duplicateResources } from './duplicate-resources.js';
import { foreignNames } from './foreign-names.js';
import { gatewayCertificates } from './gateway-certificates.js';
import { gatewayCredentials } from './gateway-credentials.js';
import { gatewayPorts } from './gateway-ports.js';
import { heddlePolicies } from './heddle-policies.js';
import { kubernetesGatewaySelectors } from './kubernetes-gateway-selectors.js';
import { namespaces } from './namespaces.js';
import { passedBySubsets } from './passed-by-subsets.js';
import { references } from './references.js';
import { servicePorts } from './service-ports.js';
import { sharedWorkloads } from './shared-workloads.js';
import type { SpecCache } from './spec-cache.js';
import { suppressed } from './suppress.js';
import { telemetryProviders } from './telemetry-providers.js';
import { tokenKeys } from './token-keys.js';
import { unmatchedSelectors } from './unmatched-selectors.js';
import { unverifiedServers } from './unverified-servers.js';
import { type Analyzer, type Report, type Surroundings, surveyWorld } from './world.js';

export { SpecCache } from './spec-cache.js';
export { readSuppression, type Suppression, suppresses } from './suppress.js';
export type { KnownWorkload, Surroundings } from './world.js';

const ANALYZERS: readonly Analyzer[] = [
  duplicateResources,
  references,
  destinationPorts,
  boundGateways,
  delegates,
  conflictingHosts,
  foreignNames,
  passedBySubsets,
  claimRoutes,
  destinationRuleHosts,
  unverifiedServers,
  conflictingProtocols,
  addresslessPorts,
  servicePorts,
  deploymentServices,
  conflictingGateways,
  gatewayCertificates,
  gatewayCredentials,
  gatewayPorts,
  sharedWorkloads,
  ambientSidecars,
  unmatchedSelectors,
  kubernetesGatewaySelectors,
  namespaces,
  authenticationScopes,
  tokenKeys,
  customProviders,
  heddlePolicies,
  telemetryProviders,
  deprecatedFields,
];

export interface Analysis {
  /** No error among the messages. */
  readonly valid: boolean;
  /** By file and place. */
  readonly messages: readonly Message[];
}

/**
 * Parses, validates and analyzes. Never throws: whatever is wrong is a message. Codes are Istio's; where it has none they are ours:
 * `HDL0001` to `HDL0003` as {@link parseResources} says, `HDL0004` a resource written twice, `HDL0005` policy without effect, `HDL0009` a
 * name of something that is not there, `HDL0010` a name that belongs to another namespace.
 *
 * A host that is neither in a Service nor in a ServiceEntry, nor in `around.services`, is an error (IST0101), as in Istio.
 */
export function analyze(files: readonly PolicyFile[], around: Surroundings = {}): Analysis {
  return analyzeChange(files, { ...around, stored: [] });
}

export interface ChangeSurroundings extends Surroundings {
  /** All resources that are there already and that `files` do not replace. They were checked when they came. */
  readonly stored: readonly Resource[];
  /** Of the caller, who hands it in again with the next change; the same objects are then not proved again. @default none is kept */
  readonly cache?: SpecCache;
}

/**
 * The same for a change of a mesh that may be large: findings are about `files` alone, seen together with what is stored. Takes time for
 * what is stored only as far as names have to be looked up in it.
 */
export function analyzeChange(
  files: readonly PolicyFile[],
  { stored, cache, ...around }: ChangeSurroundings,
): Analysis {
  const parsed = parseResources(files);
  const messages: Message[] = [...parsed.messages];
  for (const resource of parsed.resources) for (const one of validateResource(resource)) messages.push(one);
  messages.push(...readPolicyTests(parsed).messages);
  const report: Report = (subject, finding) => {
    if (!suppressed(subject.parsed.resource, finding.code)) messages.push(messageAt(subject.parsed, finding));
  };
  const world = surveyWorld(parsed, around, stored, cache);
  for (const analyzer of ANALYZERS) {
    try {
      analyzer(world, report);
    } catch (error) {
      // One broken check must not hide what the others found.
      const text = error instanceof Error ? error.message : String(error);
      messages.push({ ...plainMessage(`a check failed, report this: ${text}`), code: 'IST0001' });
    }
  }
  const order = new Map(files.map(({ file }, index) => [file, index]));
  messages.sort(
    (one, other) =>
      (order.get(one.file) ?? 0) - (order.get(other.file) ?? 0) ||
      one.line - other.line ||
      one.column - other.column,
  );
  return { valid: messages.every(({ level }) => level !== 'error'), messages };
}
