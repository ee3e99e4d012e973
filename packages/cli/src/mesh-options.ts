/** Options that say what holds for a whole mesh, where more than one command takes them. */
import { Option } from 'commander';

export interface MeshOptions {
  readonly trustDomainAlias?: readonly string[];
  readonly pathNormalization?: 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
}

/** Flags and meaning; each use adds one. */
export const TRUST_DOMAIN_ALIAS = [
  '--trust-domain-alias <name>',
  'a former name of the trust domain; may be repeated',
] as const;

export function pathNormalization(): Option {
  return new Option(
    '--path-normalization <mode>',
    'how paths are made equal before AuthorizationPolicies are asked; BASE by default',
  ).choices(['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES']);
}
