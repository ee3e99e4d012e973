/**
 * What the authority is made of at one moment, and the steps from one to the next. Lies in the store as one value and is replaced by
 * compare-and-put, so that a killed process goes on from the last whole step. Keys lie in files beside the store. Pure.
 */
import { MeshError } from 'heddle/ports';

/**
 * `announced`: in the bundle of workloads, so that they trust it before anybody shows a certificate of it · `signing` · `retiring`: still
 * in the bundle, for the certificates that were signed below it
 */
export type RootPhase = 'announced' | 'signing' | 'retiring';

export interface RootState {
  /** SHA-256 of the DER, hex. */
  readonly fingerprint: string;
  /** PEM. */
  readonly certificate: string;
  /** Subject key identifier, hex. */
  readonly keyId: string;
  readonly phase: RootPhase;
  /** Of the phase. Milliseconds since the epoch, as are all times here. */
  readonly since: number;
  /** Announced: signs at the latest then. Retiring: leaves the bundle then. */
  readonly until: number | null;
  /** By which other roots vouch for it, for the holders of tokens that know only those. */
  readonly vouchers: readonly { readonly by: string; readonly certificate: string }[];
}

export interface IntermediateState {
  readonly fingerprint: string;
  readonly certificate: string;
  readonly keyId: string;
  /** Fingerprint. */
  readonly root: string;
  /** PEM, between it and the root; usually none. */
  readonly above: readonly string[];
  /** When it was made or brought. */
  readonly since: number;
  readonly notAfter: number;
}

export interface CaState {
  readonly trustDomain: string;
  readonly roots: readonly RootState[];
  /** All that may still be at work. */
  readonly intermediates: readonly IntermediateState[];
  /** Fingerprint of the intermediate that signs. */
  readonly signing: string;
  /** Keys of authorities that were withdrawn while certificates below them lived. */
  readonly withdrawn: readonly { readonly keyId: string; readonly until: number }[];
}

export interface FirstParts {
  readonly trustDomain: string;
  readonly root: Omit<RootState, 'phase' | 'since' | 'until' | 'vouchers'>;
  readonly intermediate: IntermediateState;
}

export function firstState({ trustDomain, root, intermediate }: FirstParts, now: number): CaState {
  const signing: RootState = { ...root, phase: 'signing', since: now, until: null, vouchers: [] };
  const { fingerprint } = intermediate;
  return {
    trustDomain,
    roots: [signing],
    intermediates: [intermediate],
    signing: fingerprint,
    withdrawn: [],
  };
}

export interface Announcement {
  readonly root: Omit<RootState, 'phase' | 'since' | 'until'>;
  /** If the root's key is somewhere else: what it signed. */
  readonly intermediate: IntermediateState | null;
  readonly signsAt: number;
}

/** A new root enters the bundle. @throws MeshError `HEDDLE_INVALID_ARGUMENT` if one is on its way, or this one is there */
export function announce(
  state: CaState,
  { root, intermediate, signsAt }: Announcement,
  now: number,
): CaState {
  const present = state.roots.find(({ phase }) => phase === 'announced');
  if (present !== undefined)
    throw invalid(
      `the root ${short(present)} is announced and does not sign yet; let it, or retire it first`,
    );
  if (state.roots.some(({ fingerprint }) => fingerprint === root.fingerprint))
    throw invalid(`the root ${short(root)} is in the bundle already`);
  return {
    ...state,
    roots: [...state.roots, { ...root, phase: 'announced', since: now, until: signsAt }],
    intermediates: intermediate === null ? state.intermediates : [...state.intermediates, intermediate],
  };
}

/** The announced root signs from now on, by `intermediate`; the others retire. @param leaveAt when their last certificate has ended */
export function letSign(
  state: CaState,
  intermediate: IntermediateState,
  leaveAt: number,
  now: number,
): CaState {
  const roots = state.roots.map((root): RootState => {
    if (root.fingerprint === intermediate.root) return { ...root, phase: 'signing', since: now, until: null };
    return root.phase === 'signing' ? { ...root, phase: 'retiring', since: now, until: leaveAt } : root;
  });
  return { ...state, ...added(state, intermediate), roots };
}

/** Another intermediate below the root that signs. @throws MeshError `HEDDLE_INVALID_ARGUMENT` */
export function replaceIntermediate(state: CaState, intermediate: IntermediateState): CaState {
  const root = state.roots.find(({ fingerprint }) => fingerprint === intermediate.root);
  if (root?.phase !== 'signing') throw invalid('the intermediate is not below the root that signs');
  return { ...state, ...added(state, intermediate) };
}

/**
 * Takes a root out of the bundle.
 * @param deniedUntil when the last certificate below it ends; in the past: none is alive
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if it signs, or is unknown
 */
export function withdraw(state: CaState, fingerprint: string, deniedUntil: number, now: number): CaState {
  const root = state.roots.find((one) => one.fingerprint === fingerprint);
  if (root === undefined) throw invalid(`there is no root ${fingerprint}; \`heddle ca status\` shows them`);
  if (root.phase === 'signing')
    throw invalid(`the root ${short(root)} signs; rotate it first (\`heddle ca rotate root\`)`);
  const below = state.intermediates.filter((one) => one.root === fingerprint);
  const keys = deniedUntil > now ? [root.keyId, ...below.map(({ keyId }) => keyId)] : [];
  return {
    ...state,
    roots: state.roots
      .filter((one) => one !== root)
      .map((one) => ({ ...one, vouchers: one.vouchers.filter(({ by }) => by !== fingerprint) })),
    intermediates: state.intermediates.filter((one) => one.root !== fingerprint),
    withdrawn: [...state.withdrawn, ...keys.map((keyId) => ({ keyId, until: deniedUntil }))],
  };
}

/** Without what has ended by itself; the same object if nothing has. */
export function forgetEnded(state: CaState, now: number): CaState {
  const intermediates = state.intermediates.filter(
    ({ fingerprint, notAfter }) => notAfter > now || fingerprint === state.signing,
  );
  const withdrawn = state.withdrawn.filter(({ until }) => until > now);
  const same =
    intermediates.length === state.intermediates.length && withdrawn.length === state.withdrawn.length;
  return same ? state : { ...state, intermediates, withdrawn };
}

export function signingRoot(state: CaState): RootState {
  return state.roots.find(({ phase }) => phase === 'signing')!;
}

export function signingIntermediate(state: CaState): IntermediateState {
  return state.intermediates.find(({ fingerprint }) => fingerprint === state.signing)!;
}

/** For people: enough of a fingerprint to tell a few apart. */
export function short({ fingerprint }: { readonly fingerprint: string }): string {
  return fingerprint.slice(0, 12);
}

function added(state: CaState, intermediate: IntermediateState): Pick<CaState, 'intermediates' | 'signing'> {
  const others = state.intermediates.filter(({ fingerprint }) => fingerprint !== intermediate.fingerprint);
  return { intermediates: [...others, intermediate], signing: intermediate.fingerprint };
}

function invalid(because: string): MeshError {
  return new MeshError(because, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
