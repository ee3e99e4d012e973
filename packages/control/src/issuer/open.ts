/** The authority of a store and a data directory, with all that belongs to it. */
import type { ControlSettings } from '../settings.js';
import type { Store } from '../store/store.js';
import { Authority } from './authority.js';
import { Denials } from './deny-list.js';
import { firstAuthority } from './first-start.js';
import { IssuedLog } from './issued.js';
import { KeyFiles } from './key-files.js';

export interface OpenAuthority {
  readonly authority: Authority;
  readonly files: KeyFiles;
  /** To be closed before the store is. */
  readonly issued: IssuedLog;
  readonly denials: Denials;
}

/** Makes the authority if the store is empty. @throws MeshError `HEDDLE_INVALID_SETTING` */
export async function openAuthority(
  settings: Pick<
    ControlSettings,
    | ('dataDir' | 'trustDomain' | 'svidTtlMs' | 'clock' | 'log')
    | ('caFile' | 'caKeyType' | 'intermediateTtlMs')
  >,
  store: Store,
): Promise<OpenAuthority> {
  const { dataDir, trustDomain, svidTtlMs, clock, log, caFile, caKeyType, intermediateTtlMs } = settings;
  // Not by its directory: a process may have been killed between making that and writing into it.
  const isNew = (await store.revision()) === 0;
  const files = new KeyFiles(dataDir);
  const issued = new IssuedLog({ store, clock, log });
  const denials = new Denials(store, clock);
  await denials.start();
  const authority = await Authority.open(
    { trustDomain, svidTtlMs, store, clock, files, issued, denials },
    () => firstAuthority({ files, trustDomain, clock, keyType: caKeyType, intermediateTtlMs, isNew, caFile }),
  );
  return { authority, files, issued, denials };
}
