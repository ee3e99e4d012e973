import type { SpiffeId } from '../../model/spiffe-id.js';
import type { DenyList } from '../../ports/identity.js';
import { type CertificateFields, readCertificate } from '../certificate/fields.js';

/**
 * Is this certificate on the deny list? Pure, and answered from the leaf alone: of a resumed session, and of a connection that has
 * lived for hours, nobody knows more.
 *
 * That the leaf names the key of its authority can be relied on: OpenSSL builds no chain through an authority whose identifier is
 * another than the one named, and that identifier was written by whoever is above. Only leaving the name out would get around it,
 * so while any key is denied a leaf without one is refused.
 * @source RFC 5280 §4.2.1.1; OpenSSL `x509v3/v3_purp.c` X509_check_akid
 */

/** Why the certificate is refused; null if it is not on the list. */
export function deniedBecause(
  denied: DenyList | undefined,
  fields: CertificateFields,
  id: SpiffeId,
): string | null {
  if (denied === undefined) return null;
  const { serials, ids, keys } = indexOf(denied);
  if (ids.has(id.toString())) return `${id} is on the deny list`;
  if (serials.has(fields.serial)) return `the certificate ${fields.serial} of ${id} is on the deny list`;
  if (keys.size === 0) return null;
  const own = fields.subjectKeyIdentifier?.toString('hex');
  if (own !== undefined && keys.has(own)) return `the key of ${id} is on the deny list`;
  const authority = fields.authorityKeyIdentifier?.toString('hex');
  if (authority === undefined) return `the certificate of ${id} does not say which key signed it`;
  return keys.has(authority) ? `the authority that certified ${id} is on the deny list` : null;
}

/**
 * The same for a certificate that was verified when its connection was made: ask again when the trust bundle changes.
 * @param leaf DER. One that cannot be read is refused.
 */
export function denialOf(denied: DenyList | undefined, leaf: Uint8Array, id: SpiffeId): string | null {
  if (denied === undefined) return null;
  try {
    return deniedBecause(denied, readCertificate(leaf), id);
  } catch {
    return `the certificate of ${id} cannot be read again`;
  }
}

/** Do both deny the same? Order does not matter. */
export function sameDenied(one: DenyList | undefined, other: DenyList | undefined): boolean {
  if (one === other) return true;
  return LISTS.every((name) => {
    const [a, b] = [one?.[name] ?? [], other?.[name] ?? []];
    return a.length === b.length && new Set([...a, ...b]).size === new Set(a).size;
  });
}

const LISTS = ['serials', 'ids', 'keys'] as const;

interface Index {
  readonly serials: ReadonlySet<string>;
  readonly ids: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
}

/** Derived from a value that never changes, and forgotten with it. */
const INDEXES = new WeakMap<DenyList, Index>();

function indexOf(denied: DenyList): Index {
  let index = INDEXES.get(denied);
  if (index === undefined) {
    index = { serials: new Set(denied.serials), ids: new Set(denied.ids), keys: new Set(denied.keys) };
    INDEXES.set(denied, index);
  }
  return index;
}
