/** The claims of a token: found by name, written to headers, and made ready to be compared. */

type Claims = Readonly<Record<string, unknown>>;

/** The claim at `a.b.c`, or the one that is called so; undefined if there is none. @source google/jwt_verify_lib `struct_utils.cc` */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (!isClaims(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

function isClaims(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What no header field may hold. @source RFC 9110 §5.5 */
const NOT_IN_FIELD = /[\0-\x1f\x7f]/;

/**
 * A text, number or boolean as a header says it: in UTF-8, a character for each byte, which is how a field arrives from a network.
 * @returns null for anything that no header can say
 */
export function headerText(value: unknown): string | null {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value !== 'string' || value === '' || NOT_IN_FIELD.test(value)) return null;
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  return Array.from(new TextEncoder().encode(value), (byte) => String.fromCharCode(byte)).join('');
}

/** Whole numbers as such, all others with six decimals. @source Envoy `convertClaimDoubleToString` */
function numberText(value: number): string {
  if (value >= 0 && value < 2 ** 64 && Number.isInteger(value)) return BigInt(value).toString();
  return value.toFixed(6);
}

/** The claims called by `names` are lists, where they were texts with spaces. What is changed is a copy. */
export function listed(claims: Claims, names: readonly string[]): Claims {
  let changed = claims;
  for (const name of names)
    changed = changedAt(changed, Object.hasOwn(changed, name) ? [name] : name.split('.'));
  return changed;
}

/** The very same object if nothing is to be changed. */
function changedAt(claims: Claims, [first, ...rest]: readonly string[]): Claims {
  if (first === undefined || !Object.hasOwn(claims, first)) return claims;
  const value = claims[first];
  const changed =
    rest.length > 0
      ? isClaims(value)
        ? changedAt(value, rest)
        : value
      : typeof value === 'string'
        ? value.split(' ').filter((part) => part !== '')
        : value;
  if (changed === value) return claims;
  return Object.assign(Object.create(null) as Record<string, unknown>, claims, { [first]: changed });
}
