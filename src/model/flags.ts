/**
 * Envoy's response flags: the short code that says why the mesh itself answered.
 * @source Envoy `source/common/stream_info/utility.h`
 */
export type ResponseFlag =
  | 'UH'
  | 'UT'
  | 'LR'
  | 'UR'
  | 'UF'
  | 'UC'
  | 'UO'
  | 'NR'
  | 'DI'
  | 'FI'
  | 'RL'
  | 'UAEX'
  | 'DC'
  | 'URX'
  | 'UMSDR'
  | 'UPE'
  | 'NC'
  | 'OM';

/** Envoy's declaration order, in which combined flags are written. */
const ORDER: readonly ResponseFlag[] = [
  'UH',
  'UT',
  'LR',
  'UR',
  'UF',
  'UC',
  'UO',
  'NR',
  'DI',
  'FI',
  'RL',
  'UAEX',
  'DC',
  'URX',
  'UMSDR',
  'UPE',
  'NC',
  'OM',
];

/** `-` for none, else the flags in Envoy's order: `UF,URX`. */
export function formatFlags(flags: ReadonlySet<ResponseFlag> | readonly ResponseFlag[]): string {
  const present = new Set(flags);
  if (present.size === 0) return '-';
  return ORDER.filter((flag) => present.has(flag)).join(',');
}
