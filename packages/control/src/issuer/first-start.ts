/** The authority of a mesh that begins: a root and an intermediate of its own, or what an operator brought from elsewhere. */
import { type Clock, MeshError } from 'heddle/ports';
import { type KeyType, makeIntermediate, makeRoot } from 'heddle/security';
import { type CaState, firstState } from './ca-state.js';
import { type KeyFiles, readSecretFile } from './key-files.js';
import { type Brought, intermediateFacts, readBrought, rootFacts } from './material.js';

export interface FirstStartOptions {
  readonly files: KeyFiles;
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly keyType: KeyType;
  readonly intermediateTtlMs: number;
  /** The directory holds no mesh yet, so that there is no authority that a new one would replace. */
  readonly isNew: boolean;
  /** PEM file with an intermediate or a root; null: make our own. */
  readonly caFile: string | null;
}

/** @throws MeshError `HEDDLE_INVALID_SETTING` if there was an authority and it is lost, or `caFile` cannot be used */
export async function firstAuthority(options: FirstStartOptions): Promise<CaState> {
  const { files, trustDomain, clock, keyType, intermediateTtlMs, isNew, caFile } = options;
  if (!isNew && caFile === null) {
    // Another root would cut off every workload and every token, the operator's included.
    throw new MeshError(
      'the store holds the state of a mesh, but not its authority; restore it from a backup, or begin anew in an empty directory',
      { code: 'HEDDLE_INVALID_SETTING' },
    );
  }
  const wallNow = clock.wallNow();
  const brought = caFile === null ? null : readCaFile(caFile, { trustDomain, known: [], wallNow });
  const root = brought === null ? await makeRoot({ trustDomain, keyType, wallNow }) : brought.rootPair;
  const wish = { trustDomain, keyType, lifetimeMs: intermediateTtlMs, wallNow };
  const pair = brought?.intermediate?.pair ?? (await makeIntermediate({ ...wish, root: root! }));
  const certificate = root?.certificate ?? brought!.root;
  if (root !== null) files.write('root', root);
  files.write('intermediate', pair);
  const above = brought?.intermediate?.above ?? [];
  const intermediate = intermediateFacts(
    { certificate: pair.certificate, root: certificate, above },
    wallNow,
  );
  return firstState({ trustDomain, root: rootFacts(certificate), intermediate }, wallNow);
}

/** @throws MeshError `HEDDLE_INVALID_SETTING` */
export function readCaFile(path: string, options: Parameters<typeof readBrought>[1]): Brought {
  const text = readSecretFile(path);
  const fail = (because: string, cause?: unknown) =>
    new MeshError(`caFile (${path}) ${because}`, { code: 'HEDDLE_INVALID_SETTING', cause });
  if (text === undefined) throw fail('is not there');
  try {
    return readBrought(text, options);
  } catch (error) {
    throw fail(`cannot be used: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
