/**
 * What an operator says of a foreign trust domain: its name, where its bundle is, how the server there is recognised. The document itself
 * does not say whose it is, so this triple decides who can speak for whom.
 * @source SPIFFE_Federation.md §5.1, §7.1
 */
import { MeshError, SpiffeId } from 'heddle/ports';
import { MAX_BUNDLE_LENGTH, readSpiffeBundle } from 'heddle/security';

/** A server by the platform's roots and its host name, or one by its SPIFFE ID. */
export type BundleEndpoint =
  | { readonly profile: 'https_web'; readonly url: string }
  | { readonly profile: 'https_spiffe'; readonly url: string; readonly spiffeId: string };

/** As it is stored. */
export interface Relation {
  readonly trustDomain: string;
  /** null: the bundle is changed by operators only. */
  readonly endpoint: BundleEndpoint | null;
  /** The last good one, as its text; null: none yet. */
  readonly bundle: string | null;
  /** When that was fetched or given, milliseconds since the epoch. */
  readonly updatedAt: number | null;
}

export interface RelationRules {
  /** Names of our own: nobody else may speak for them. */
  readonly own: readonly string[];
  readonly wallNow: number;
}

const FIELDS = ['endpoint', 'bundle'];
const ENDPOINT_FIELDS = { https_web: ['profile', 'url'], https_spiffe: ['profile', 'url', 'spiffeId'] };
const MAX_URL = 2_048;

/**
 * @param body `{"endpoint"?: {"profile", "url", "spiffeId"?}, "bundle"?: {…}}`; `bundle` is a SPIFFE bundle, as JSON
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` naming the field
 */
export function readRelation(
  trustDomain: string,
  body: Readonly<Record<string, unknown>>,
  { own, wallNow }: RelationRules,
): Relation {
  const { path, trustDomain: name } = SpiffeId.parse(`spiffe://${trustDomain}`);
  if (path !== '' || name !== trustDomain) throw invalid('the trust domain is not one, in lower case');
  if (own.includes(name)) throw invalid(`${name} is our own trust domain`);
  onlyFields(body, FIELDS, 'the body');
  const endpoint = body.endpoint === undefined ? null : endpointOf(body.endpoint);
  const bundle = body.bundle === undefined ? null : JSON.stringify(body.bundle);
  if (bundle !== null) rootsIn(trustDomain, bundle);
  if (endpoint === null && bundle === null) throw invalid('neither endpoint nor bundle is given');
  const itself =
    endpoint?.profile === 'https_spiffe' && SpiffeId.parse(endpoint.spiffeId).trustDomain === name;
  if (itself && bundle === null)
    throw invalid(
      'a server of the foreign trust domain itself can only be recognised by a first bundle: give one, fetched another way',
    );
  return { trustDomain, endpoint, bundle, updatedAt: bundle === null ? null : wallNow };
}

/**
 * Roots, PEM, in the text of a bundle.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if it is none, or has none
 */
export function rootsIn(trustDomain: string, text: string): readonly string[] {
  if (text.length > MAX_BUNDLE_LENGTH) throw invalid('the bundle is too long');
  const { roots } = readSpiffeBundle(trustDomain, text);
  if (roots.length === 0) throw invalid(`the bundle of ${trustDomain} has no key for X.509-SVIDs`);
  return roots;
}

function endpointOf(value: unknown): BundleEndpoint {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { profile, url, spiffeId } = fields;
  if (profile !== 'https_web' && profile !== 'https_spiffe')
    throw invalid('endpoint.profile is neither https_web nor https_spiffe');
  onlyFields(fields, ENDPOINT_FIELDS[profile], 'endpoint');
  const checked = urlOf(url);
  if (profile === 'https_web') return { profile, url: checked };
  const id = SpiffeId.parse(typeof spiffeId === 'string' ? spiffeId : '');
  if (id.path === '') throw invalid('endpoint.spiffeId is not the ID of a workload');
  return { profile, url: checked, spiffeId: id.toString() };
}

/** @source SPIFFE_Federation.md §5.2.1.1, §5.2.2.1 */
function urlOf(value: unknown): string {
  let url: URL | null = null;
  try {
    if (typeof value === 'string' && value.length <= MAX_URL) url = new URL(value);
  } catch {
    // Said below.
  }
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '')
    throw invalid('endpoint.url is not an https URL without user and password');
  return url.href;
}

function onlyFields(value: Readonly<Record<string, unknown>>, known: readonly string[], what: string): void {
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(`${what} has the unknown field ${unknown.slice(0, 100)}`);
}

function invalid(because: string): MeshError {
  return new MeshError(because, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
